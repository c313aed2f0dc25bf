import { inTransaction, type Queryable } from '@closebell/prisma/client';
import { inTransactionOnce } from '@closebell/prisma/idempotency-keys';
import { cancelTree } from '@closebell/prisma/job-cancels';
import { loadPortfolioNow } from '@closebell/prisma/portfolio-now';
import {
  deletePortfolio as removePortfolio,
  insertPortfolio,
  listLiveCalculations,
  listPortfolios as listStored,
} from '@closebell/prisma/portfolios';
import { findSnapshot, findSnapshotRange } from '@closebell/prisma/snapshots';
import { addMoney } from '@closebell/shared/calc/exact-value';
import {
  changePortfolio,
  createPortfolio,
  deletePortfolio,
  getPortfolio,
  listPortfolios,
  PORTFOLIOS_MAX,
} from '@closebell/shared/contracts/portfolios';
import { getSnapshot } from '@closebell/shared/contracts/snapshots';
import { AppError } from '@closebell/shared/errors';
import { dnsUuid5 } from '@closebell/shared/infra/name-uuid';
import type { Router } from 'express';
import type { ApiContext } from '../context.js';
import { changeLedger } from '../ledger-change-answer.js';
import { requireReadable, requireWritable } from '../portfolio-access.js';
import {
  changeTerms,
  isOtherAnchor,
  requireChangedForm,
  requirePortfolioForm,
  withoutAnchor,
  type GivenTerms,
} from '../portfolio-terms.js';
import { viewPortfolio, viewPortfolioNow, viewTerms } from '../portfolio-view.js';
import { route, routeBoth } from '../route.js';
import { readSnapshotInputs } from '../snapshot-inputs.js';
import { viewSnapshotInputs } from '../snapshot-view.js';

export function portfolioRoutes(router: Router, context: ApiContext): void {
  const { db } = context;

  route(router, context, listPortfolios, async ({ principal }) => {
    const portfolios = await listStored(db.pool, principal.userId, PORTFOLIOS_MAX);
    const values = portfolios.map(({ net_asset_value: value }) => value).filter((value) => value !== null);
    return {
      status: 200,
      body: {
        portfolios: portfolios.map((portfolio) => viewPortfolio(portfolio, portfolio)),
        total_count: portfolios.length,
        active_count: portfolios.length,
        net_asset_value: values.length === 0 ? null : addMoney(values),
        without_net_asset_value: portfolios.length - values.length,
      },
    };
  });

  route(router, context, getPortfolio, async ({ params, principal, now }) => {
    const { id } = await requireReadable(db, params.id, principal.userId);
    const stored = await loadPortfolioNow(db, id, { calendar: context.calendar, config: context.config, now });
    if (stored === null) throw new AppError('ERR_PORT_404');
    return { status: 200, body: viewPortfolioNow(stored, now) };
  });

  makeRoute(router, context);
  changeRoutes(router, context);

  routeBoth(router, context, getSnapshot, async ({ params, principal }) => {
    const portfolio = await requireReadable(db, params.id, principal.userId);
    const snapshot = await findSnapshot(db.pool, portfolio.id, params.date);
    const inputs = snapshot === null ? null : await readSnapshotInputs(context, portfolio.id, snapshot);
    if (snapshot !== null && inputs !== null) return { status: 200, body: viewSnapshotInputs(portfolio.id, snapshot, inputs) };
    return { status: 200, body: await noSnapshot(context, portfolio.id, params.date) };
  });
}

function makeRoute(router: Router, context: ApiContext): void {
  const { db, calendar, config } = context;

  route(router, context, createPortfolio, async ({ body, principal, now, keyHold }) => {
    const request = requirePortfolioForm(body, { calendar, now });
    const openedOn = calendar.latestCompleteSession(now);
    const preferredId = config.deterministicUuids ? dnsUuid5(`${principal.userId}:${request.account_name}`) : null;
    const given = { userId: principal.userId, request, equityAsOf: request.equity_as_of ?? openedOn, openedOn, preferredId };
    const id = await inTransactionOnce(db, keyHold, async (client) => {
      const made = await insertPortfolio(client, given);
      if (made === null) throw new AppError('ERR_PORT_001');
      return made;
    });
    context.metrics.count('closebell_portfolios_created_total', {});
    const portfolio = await requireReadable(db, id, principal.userId);
    const urls = { positions_url: `/api/v1/portfolios/${id}/positions`, calculate_url: `/api/v1/portfolio/${id}/calculate` };
    const headers = { Location: `/api/v1/portfolios/${id}` };
    return { status: 201, headers, body: { ...viewPortfolio(portfolio, NOT_CALCULATED), ...urls } };
  });
}

function changeRoutes(router: Router, context: ApiContext): void {
  const { db, calendar } = context;

  route(router, context, changePortfolio, async ({ params, body, principal, requestId, now }) => {
    const before = await requireWritable(db, params.id, principal.userId);
    const change = (client: Queryable, given: GivenTerms) =>
      changeTerms(client, before.id, (stored) => requireChangedForm(stored, given, { calendar, now }));
    if (!isOtherAnchor(before, body)) {
      const portfolio = await inTransaction(db, (client) => change(client, withoutAnchor(body)));
      return { status: 200, body: viewTerms(portfolio) };
    }
    const ledger = { portfolioId: before.id, principal, requestId, now };
    const { made, figures } = await changeLedger(context, ledger, async (client) => ({
      made: viewTerms(await change(client, body)),
      days: 'everything',
    }));
    return { status: 200, body: { ...made, ...figures } };
  });

  route(router, context, deletePortfolio, async ({ params, principal }) => {
    const { id } = await requireWritable(db, params.id, principal.userId);
    if (!(await removePortfolio(db.pool, id))) throw new AppError('ERR_PORT_404');
    // A run that is not cancelled, should this process end here, finds no portfolio and ends by itself.
    for (const runId of await listLiveCalculations(db.pool, id)) await cancelTree(db, runId);
    return { status: 204 };
  });
}

const NOT_CALCULATED = { net_asset_value: null, snapshot_date: null } as const;

async function noSnapshot({ db, calendar }: ApiContext, portfolioId: string, date: string) {
  const { first, last } = await findSnapshotRange(db.pool, portfolioId);
  const isKnown = date > calendar.firstDate && date <= calendar.lastDate;
  return {
    available: false,
    reason: 'no_snapshots',
    portfolio_id: portfolioId,
    metadata: {
      is_session: isKnown && calendar.isSession(date),
      previous_session: isKnown ? calendar.previousSession(date) : null,
      first_snapshot_date: first,
      last_snapshot_date: last,
    },
  };
}
