import { findPortfolio } from '@closebell/prisma/portfolios';
import { deleteLot, forgetMarks, insertLots, listLots, updateLot } from '@closebell/prisma/positions';
import { givenLot, readLot, readLots } from '@closebell/shared/contracts/position-form';
import {
  changePosition,
  createPositions,
  deletePosition,
  getPosition,
  listPositions,
} from '@closebell/shared/contracts/positions';
import { normaliseSymbol } from '@closebell/shared/csv/symbols';
import { AppError } from '@closebell/shared/errors';
import { positionType } from '@closebell/shared/position-type';
import type { Router } from 'express';
import type { z } from 'zod';
import type { ApiContext } from '../context.js';
import { changeLedger } from '../ledger-change-answer.js';
import { daysBetween, daysOf, isOtherOption, requireEnteredLot, requireLots } from '../lot-changes.js';
import { cutPage } from '../page.js';
import { requireReadable, requireWritable } from '../portfolio-access.js';
import { requireReadablePosition, requireWritablePosition } from '../position-access.js';
import { groupPositions, sumPositions, viewLot, viewPosition } from '../position-view.js';
import { grossOf, placeOf, readPositionsNow, type ShownPosition } from '../positions-now.js';
import { route, routeBoth } from '../route.js';

export function positionRoutes(router: Router, context: ApiContext): void {
  listRoute(router, context);
  entryRoute(router, context);
  lotRoutes(router, context);
}

function listRoute(router: Router, context: ApiContext): void {
  const { db } = context;

  routeBoth(router, context, listPositions, async ({ params, query, principal, now }) => {
    const portfolio = await requireReadable(db, params.id, principal.userId);
    const all = await readPositionsNow(context, portfolio, now);
    const grossE4 = grossOf(all);
    const matching = all.filter((position) => isWanted(position, query));
    const rest = matching.filter(({ lot }) => query.cursor === undefined || placeOf(lot) > query.cursor);
    const { page, nextCursor } = cutPage(rest, query.limit, ({ lot }) => placeOf(lot));
    return {
      status: 200,
      body: {
        portfolio_id: portfolio.id,
        valued_at: now.toISOString(),
        total_count: matching.length,
        totals: sumPositions(matching, grossE4),
        groups: query.group_by === undefined ? null : groupPositions(matching, query.group_by, grossE4),
        positions: page.map((position) => viewPosition(position, grossE4)),
        next_cursor: nextCursor,
      },
    };
  });
}

function entryRoute(router: Router, context: ApiContext): void {
  const { db, calendar } = context;

  routeBoth(router, context, createPositions, async ({ params, body, principal, requestId, now, keyHold }) => {
    const portfolio = await requireWritable(db, params.id, principal.userId);
    const { positions: several, allow_multiple_lots: allowMultipleLots, ...single } = body;
    const given = several ?? [single];
    const change = { portfolioId: portfolio.id, principal, requestId, now, keyHold };
    const { made, figures } = await changeLedger(context, change, async (client) => {
      const held = (await listLots(client, portfolio.id)).map(givenLot);
      const { lots, warnings } = requireLots(readLots(given, { today: calendar.newYorkDate(now), held, allowMultipleLots }));
      const ids = await insertLots(client, portfolio.id, lots);
      const stored = new Map((await listLots(client, portfolio.id)).map((lot) => [lot.positionId, lot]));
      return { made: { positions: ids.map((id) => viewLot(stored.get(id)!)), warnings }, days: daysOf(lots) };
    });
    return {
      status: 201,
      body: { portfolio_id: portfolio.id, positions_created: made.positions.length, ...made, ...figures },
    };
  });
}

function lotRoutes(router: Router, context: ApiContext): void {
  const { db, calendar } = context;

  route(router, context, getPosition, async ({ params, principal, now }) => {
    const lot = await requireReadablePosition(db, params.id, principal.userId);
    const portfolio = await findPortfolio(db.pool, lot.portfolioId);
    // The weight is a share of all lots.
    const all = portfolio === null ? [] : await readPositionsNow(context, portfolio, now);
    const shown = all.find((position) => position.lot.positionId === lot.positionId);
    if (shown === undefined) throw new AppError('ERR_POSITION_404');
    return { status: 200, body: viewPosition(shown, grossOf(all)) };
  });

  route(router, context, changePosition, async ({ params, body, principal, requestId, now }) => {
    const { portfolioId, positionId } = await requireWritablePosition(db, params.id, principal.userId);
    const { made, figures } = await changeLedger(context, { portfolioId, principal, requestId, now }, async (client) => {
      const before = await requireEnteredLot(client, positionId);
      const read = requireLots(readLot({ ...givenLot(before), ...dropAbsent(body) }, calendar.newYorkDate(now)));
      const [after] = read.lots;
      if (after === undefined) throw new Error('a lot was accepted and is not there');
      await updateLot(client, positionId, after);
      const stored = await requireEnteredLot(client, positionId);
      if (isOtherOption(before, stored)) await forgetMarks(client, positionId);
      return { made: { ...viewLot(stored), warnings: read.warnings }, days: daysBetween(before, stored) };
    });
    return { status: 200, body: { ...made, ...figures } };
  });

  route(router, context, deletePosition, async ({ params, principal, requestId, now }) => {
    const { portfolioId, positionId } = await requireWritablePosition(db, params.id, principal.userId);
    const { made, figures } = await changeLedger(context, { portfolioId, principal, requestId, now }, async (client) => {
      const lot = await requireEnteredLot(client, positionId);
      await deleteLot(client, positionId);
      return { made: { position_id: positionId, portfolio_id: portfolioId }, days: daysOf([lot]) };
    });
    return { status: 200, body: { ...made, ...figures } };
  });
}

type Filter = z.output<NonNullable<typeof listPositions.query>>;

function isWanted(
  { lot, now }: ShownPosition,
  { class: wantedClass, type, symbol, tag, include_closed: closed }: Filter,
): boolean {
  if (now.state !== 'open' && closed === 'false') return false;
  if (wantedClass !== undefined && lot.investmentClass !== wantedClass) return false;
  if (type !== undefined && positionType(lot) !== type) return false;
  const wantedSymbol = symbol === undefined ? undefined : normaliseSymbol(symbol);
  if (wantedSymbol !== undefined && lot.symbol !== wantedSymbol && lot.underlyingSymbol !== wantedSymbol) return false;
  const word = tag?.toLowerCase();
  return word === undefined || lot.tags.some(({ id, name }) => id === word || name.toLowerCase() === word);
}

/** A field that is absent stays as it is; null empties it. */
function dropAbsent<T extends object>(body: T): Partial<T> {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)) as Partial<T>;
}
