// A trade: what it closes and opens, under the lock of the ledger, so that of trades at once none spends or sells what another one has.
import { readCash } from '@closebell/prisma/cash';
import type { Queryable } from '@closebell/prisma/client';
import { submitJob } from '@closebell/prisma/jobs';
import { markLedgerChanged } from '@closebell/prisma/ledger-changes';
import { loadActions } from '@closebell/prisma/prices';
import { closeLots, closePart, insertTrade, loadOpenLots, openLot, type NewTrade } from '@closebell/prisma/trades';
import { formatScaled, lotValueE4 } from '@closebell/shared/calc/exact-value';
import type { SplitEvent } from '@closebell/shared/calc/price-series';
import { AppError } from '@closebell/shared/errors';
import { closeFirstIn, holdingOf, type FifoClose } from '@closebell/shared/ledger/fifo-close';
import type { LedgerLot } from '@closebell/shared/ledger/ledger';
import { actionEvents } from '@closebell/shared/ledger/price-book';
import { lotKind } from '@closebell/shared/lot-kind';
import type { ApiContext } from './context.js';
import { userOrigin } from './job-origin.js';
import { changeLedger, type LedgerRequest } from './ledger-change-answer.js';
import { requestFault } from './request-fault.js';
import type { TradePrice } from './trade-price.js';

export type TradeOrder = Readonly<{
  symbol: string;
  side: 'buy' | 'sell';
  /** Above zero, in units of 1e-8. */
  quantityE8: bigint;
  tradeDate: string;
  price: TradePrice;
}>;

/** Throws ERR_TRADE_001 or ERR_TRADE_002 with `need` and `have`, and ERR_REQ_001 for what is no market security of the portfolio. */
export async function executeTrade(context: ApiContext, request: LedgerRequest, order: TradeOrder) {
  return changeLedger(context, request, async (client) => {
    const made = await trade(client, context, request, order);
    // The job waits for the calculation that this change asks for.
    const payload = { slot: request.now.toISOString(), portfolioId: request.portfolioId };
    await submitJob(client, 'record-values', payload, userOrigin(request.principal, request.requestId));
    return { made, days: { from: order.tradeDate, until: null } };
  });
}

async function trade(client: Queryable, context: ApiContext, { portfolioId, now }: LedgerRequest, order: TradeOrder) {
  const { symbol, side, quantityE8, tradeDate, price } = order;
  const { lots, splits } = await loadTradedLots(client, portfolioId, order);
  const cashContext = { ...context, now };
  if (side === 'buy') await requireCash(client, cashContext, portfolioId, totalOf(order));
  const terms = { quantityE8, priceE6: price.priceE6, date: tradeDate, splits };
  const closing = closeFirstIn(closedBy(side, lots, tradeDate), terms);
  if (side === 'sell' && closing.restE8 > 0n) throw tooFewShares(symbol, quantityE8, closing.heldE8);
  const { id, createdAt } = await insertTrade(client, recordOf(portfolioId, order, closing));
  const closed = await bookClosings(client, id, closing);
  const opened = closing.restE8 === 0n ? null : await openLot(client, id, formatScaled(closing.restE8, 8));
  await declareClosings(client, portfolioId, tradeDate, closing, lots);
  const cash = await readCash(client, cashContext, portfolioId);
  const holding = holdingOf(heldOn(await loadOpenLots(client, portfolioId, symbol), tradeDate), tradeDate, splits);
  return {
    trade_id: id,
    portfolio_id: portfolioId,
    symbol,
    side,
    quantity: Number(quantityE8) / 1e8,
    price: price.priceE6 / 1e6,
    price_source: price.source,
    total: totalOf(order) / 1e4,
    realized_pnl: closing.closings.length === 0 ? null : closing.realisedE4 / 1e4,
    trade_date: tradeDate,
    created_at: createdAt.toISOString(),
    cash_balance: cash.cashE4 / 1e4,
    cash_is_estimated: cash.isEstimated,
    holding: { quantity: Number(holding.sharesE8) / 1e8, average_cost: holding.averageCost },
    opened_position_id: opened,
    closed_positions: closed,
  };
}

/** In units of 1e-4. */
function totalOf({ quantityE8, price }: TradeOrder): number {
  return lotValueE4({ quantityE8, multiplier: 1 }, price.priceE6);
}

/** In units of 1e-4; null when it closed nothing. */
function realisedBy({ closings, realisedE4 }: FifoClose): number | null {
  return closings.length === 0 ? null : realisedE4;
}

function recordOf(portfolioId: string, order: TradeOrder, closing: FifoClose): NewTrade {
  const { symbol, side, quantityE8, tradeDate, price } = order;
  const realisedE4 = realisedBy(closing);
  return {
    portfolioId,
    symbol,
    side,
    quantity: formatScaled(quantityE8, 8),
    price: formatScaled(price.priceE6, 6),
    tradeDate,
    total: formatScaled(totalOf(order), 4),
    realizedPnl: realisedE4 === null ? null : formatScaled(realisedE4, 4),
    priceSource: price.source,
  };
}

type TradedLots = Readonly<{ lots: readonly LedgerLot[]; splits: readonly SplitEvent[] }>;

async function loadTradedLots(client: Queryable, portfolioId: string, order: TradeOrder): Promise<TradedLots> {
  const { symbol, tradeDate } = order;
  const open = await loadOpenLots(client, portfolioId, symbol);
  const lots = open.filter((lot) => lotKind(lot) === 'market');
  if (open.length > 0 && lots.length === 0) {
    const message = `${symbol} is ${lotKind(open[0]!)} in this portfolio, not a market security: change its position instead`;
    throw requestFault('symbol', message);
  }
  const { splits } = actionEvents((await loadActions(client, [symbol], tradeDate)).get(symbol) ?? []);
  return { lots, splits };
}

function heldOn(lots: readonly LedgerLot[], date: string): readonly LedgerLot[] {
  return lots.filter((lot) => lotKind(lot) === 'market' && lot.entryDate <= date);
}

/** A sale closes long lots, a purchase short ones. */
function closedBy(side: 'buy' | 'sell', lots: readonly LedgerLot[], tradeDate: string): readonly LedgerLot[] {
  return heldOn(lots, tradeDate).filter(({ quantity }) => quantity.startsWith('-') === (side === 'buy'));
}

async function requireCash(
  client: Queryable,
  context: Parameters<typeof readCash>[1],
  portfolioId: string,
  needE4: number,
): Promise<void> {
  const { cashE4 } = await readCash(client, context, portfolioId);
  if (needE4 <= cashE4) return;
  const [need, have] = [needE4 / 1e4, cashE4 / 1e4];
  throw new AppError('ERR_TRADE_001', {
    message: `This trade needs ${need} in cash, and there is ${have}. Buy less, or add a contribution first.`,
    details: { need, have },
  });
}

function tooFewShares(symbol: string, needE8: bigint, haveE8: bigint): AppError {
  const [need, have] = [Number(needE8) / 1e8, Number(haveE8) / 1e8];
  return new AppError('ERR_TRADE_002', {
    message: `This sale needs ${need} shares of ${symbol}, and ${have} are held. Sell at most what is held.`,
    details: { need, have },
  });
}

async function bookClosings(client: Queryable, tradeId: string, { closings }: FifoClose) {
  const whole = closings.filter(({ keptE8 }) => keptE8 === 0n).map(({ positionId }) => positionId);
  if (whole.length > 0) await closeLots(client, tradeId, whole);
  const part = closings.find(({ keptE8 }) => keptE8 !== 0n);
  const partId =
    part === undefined
      ? null
      : await closePart(client, tradeId, {
          positionId: part.positionId,
          closed: formatScaled(part.closedE8, 8),
          kept: formatScaled(part.keptE8, 8),
        });
  return closings.map((closing) => ({
    position_id: closing === part ? partId! : closing.positionId,
    quantity: Number(closing.closedE8) / 1e8,
    realized_pnl: closing.realisedE4 / 1e4,
  }));
}

/**
 * The figures of a session follow from the lots held in it, and its hash proves them: a lot that is cut in two is others from its entry on,
 * though not a dollar moves before the trade. One that is closed whole is itself until then.
 */
async function declareClosings(
  client: Queryable,
  portfolioId: string,
  tradeDate: string,
  { closings }: FifoClose,
  lots: readonly LedgerLot[],
): Promise<void> {
  const cut = new Set(closings.filter(({ keptE8 }) => keptE8 > 0n).map(({ positionId }) => positionId));
  const entries = lots.filter(({ positionId }) => cut.has(positionId)).map(({ entryDate }) => entryDate);
  const earliest = entries.reduce((first, date) => (date < first ? date : first), tradeDate);
  await markLedgerChanged(client, portfolioId, earliest);
}
