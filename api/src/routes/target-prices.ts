import {
  createTargetPrice as create,
  deleteTargetPrice as remove,
  importTargetPrices as importAll,
  listTargetPrices as listStored,
  updateTargetPrice as update,
  type TargetPriceRow,
} from '@closebell/prisma/target-prices';
import type { PortfolioRow } from '@closebell/prisma/portfolios';
import { plainDecimal } from '@closebell/shared/contracts/json-decimal';
import {
  createTargetPrice,
  deleteTargetPrice,
  exportTargetPrices,
  getTargetPrice,
  importTargetPrices,
  listTargetPrices,
  TARGET_PRICES_MAX,
  updateTargetPrice,
} from '@closebell/shared/contracts/target-prices';
import { AppError } from '@closebell/shared/errors';
import type { Router } from 'express';
import type { ApiContext } from '../context.js';
import { requireReadable, requireWritable } from '../portfolio-access.js';
import { route, routeBoth } from '../route.js';
import { requireReadableTarget, requireWritableTarget } from '../target-access.js';
import { listHeldSymbols, loadHoldings, loadHoldingsOf } from '../target-holdings.js';
import { requireTargetFile } from '../target-file.js';
import { targetPricesCsv, viewTargetPrice, viewTargetSummary } from '../target-price-view.js';

export function targetPriceRoutes(router: Router, context: ApiContext): void {
  listRoutes(router, context);
  createRoutes(router, context);
  importRoutes(router, context);
  oneRoutes(router, context);
}

function listRoutes(router: Router, context: ApiContext): void {
  const { db } = context;

  routeBoth(router, context, listTargetPrices, async ({ params, principal, now }) => {
    const portfolio = await requireReadable(db, params.id, principal.userId);
    const targets = await listStored(db.pool, portfolio.id);
    const holdings = await loadHoldings(context, portfolio, symbolsOf(targets), now);
    const target_prices = targets.map((target) => viewTargetPrice(target, holdings));
    const summary = viewTargetSummary(targets, holdings);
    return { status: 200, body: { portfolio_id: portfolio.id, target_prices, summary } };
  });

  routeBoth(router, context, exportTargetPrices, async ({ params, principal }) => {
    const portfolio = await requireReadable(db, params.id, principal.userId);
    return {
      status: 200,
      body: targetPricesCsv(await listStored(db.pool, portfolio.id)),
      headers: {
        'Content-Type': 'text/csv; charset=utf-8',
        'Content-Disposition': `attachment; filename="target-prices-${portfolio.id}.csv"`,
      },
    };
  });
}

function createRoutes(router: Router, context: ApiContext): void {
  const { db } = context;

  routeBoth(router, context, createTargetPrice, async ({ params, body, principal, keyHold, now }) => {
    const portfolio = await requireWritable(db, params.id, principal.userId);
    const made = await create(db, {
      portfolioId: portfolio.id,
      targetsMax: TARGET_PRICES_MAX,
      keyHold,
      symbol: body.symbol,
      targetPrice: plainDecimal(body.target_price)!,
      targetDate: body.target_date,
      downsidePrice: body.downside_price === null ? null : plainDecimal(body.downside_price),
      notes: body.notes === '' ? null : body.notes,
    });
    if (made === 'taken') {
      const message = `The portfolio has a target price of ${body.symbol}. Change that one.`;
      throw new AppError('ERR_TARGET_001', { message });
    }
    if (made === 'full') throw new AppError('ERR_TARGET_003');
    const target = await requireReadableTarget(db, made.id, principal.userId);
    return { status: 201, body: await showOne(context, portfolio, target, now) };
  });
}

function importRoutes(router: Router, context: ApiContext): void {
  const { db, metrics } = context;

  routeBoth(router, context, importTargetPrices, async ({ params, upload, principal, keyHold, now }) => {
    const portfolio = await requireWritable(db, params.id, principal.userId);
    const { targets, warnings } = requireTargetFile(upload, metrics);
    const done = await importAll(db, { portfolioId: portfolio.id, targetsMax: TARGET_PRICES_MAX, keyHold, targets });
    if (done === 'full') throw new AppError('ERR_TARGET_003');
    const held = await listHeldSymbols(context, portfolio, now);
    const notHeld = symbolsOf(targets).filter((symbol) => !held.has(symbol));
    const imported = targets.length;
    const message = `${imported} target price${imported === 1 ? '' : 's'}: ${done.created} new, ${done.updated} changed.`;
    return {
      status: 200,
      body: { portfolio_id: portfolio.id, imported, ...done, not_held: notHeld, warnings, message },
    };
  });
}

function oneRoutes(router: Router, context: ApiContext): void {
  const { db } = context;

  route(router, context, getTargetPrice, async ({ params, principal: { userId }, now }) => {
    const target = await requireReadableTarget(db, params.id, userId);
    return { status: 200, body: await showOne(context, await requireReadable(db, target.portfolioId, userId), target, now) };
  });

  route(router, context, updateTargetPrice, async ({ params, body, principal: { userId }, now }) => {
    const { portfolioId } = await requireWritableTarget(db, params.id, userId);
    const { target_price: price, target_date: targetDate, downside_price: downside, notes } = body;
    await update(db.pool, params.id, {
      ...(price === undefined ? {} : { targetPrice: plainDecimal(price)! }),
      ...(targetDate === undefined ? {} : { targetDate }),
      ...(downside === undefined ? {} : { downsidePrice: downside === null ? null : plainDecimal(downside) }),
      ...(notes === undefined ? {} : { notes: notes === '' ? null : notes }),
    });
    const portfolio = await requireReadable(db, portfolioId, userId);
    return { status: 200, body: await showOne(context, portfolio, await requireReadableTarget(db, params.id, userId), now) };
  });

  route(router, context, deleteTargetPrice, async ({ params, principal }) => {
    await requireWritableTarget(db, params.id, principal.userId);
    await remove(db.pool, params.id);
    return { status: 204 };
  });
}

async function showOne(context: ApiContext, portfolio: PortfolioRow, target: TargetPriceRow, now: Date) {
  return viewTargetPrice(target, await loadHoldingsOf(context, portfolio, [target.symbol], now));
}

function symbolsOf(targets: readonly Readonly<{ symbol: string }>[]): readonly string[] {
  return targets.map(({ symbol }) => symbol);
}
