// What a superuser sees of the market data: the providers, and the symbols in use that lack something.
import { getDataQuality } from '@closebell/shared/contracts/admin-data-quality';
import type { Router } from 'express';
import { requireBoardSession } from '../board.js';
import type { ApiContext } from '../context.js';
import { DATA_QUALITY_PATH, dataQualityPage } from '../data-quality-page.js';
import { readDataQuality } from '../data-quality.js';
import { route } from '../route.js';

export function adminDataQualityRoutes(router: Router, context: ApiContext): void {
  route(router, context, getDataQuality, async ({ query: { limit }, now, raw }, response) => {
    const quality = await readDataQuality(context, { now, limit });
    response.vary('Accept');
    if (raw.accepts(['json', 'html']) !== 'html') return { status: 200, body: quality };
    return { status: 200, headers: { 'Content-Type': 'text/html; charset=utf-8' }, body: dataQualityPage(quality) };
  });
}

/** The page at the root, behind the login of the queue board: a browser needs nothing else to see it. */
export function dataQualityPageRoutes(router: Router, context: ApiContext): void {
  router.get(DATA_QUALITY_PATH, requireBoardSession(context), async (_request, response) => {
    const quality = await readDataQuality(context, { now: context.clock(), limit: SHOWN_MAX });
    response.set('Cache-Control', 'private, no-cache').type('html').send(dataQualityPage(quality));
  });
}

const SHOWN_MAX = 100;
