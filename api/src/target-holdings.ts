// What a portfolio holds of each symbol now, and at which price: what target prices are compared with.
import { loadNewestPrices, loadStandingPrices, type NewestPrices, type StandingPrice } from '@closebell/prisma/latest-prices';
import type { PortfolioRow } from '@closebell/prisma/portfolios';
import { listLots, type LotRow } from '@closebell/prisma/positions';
import { NO_SPLIT, parseScaled } from '@closebell/shared/calc/exact-value';
import { ratioBetween } from '@closebell/shared/calc/price-series';
import type { TargetLot } from '@closebell/shared/calc/target-gain';
import { groupBy } from '@closebell/shared/grouping';
import { lotSize } from '@closebell/shared/ledger/lots';
import { lotKind, type LotKind } from '@closebell/shared/lot-kind';
import type { ApiContext } from './context.js';
import { newestPriceAt } from './newest-price.js';

export type CurrentPrice = Readonly<{
  /** In units of 1e-6. */
  priceE6: number;
  source: 'quote' | 'close' | 'par' | 'calculated';
  date: string;
}>;

/** `lots`: the open ones, none for a symbol that is not held. */
export type Holding = Readonly<{ lots: readonly TargetLot[]; price: CurrentPrice | null }>;

/** What is held of the symbols, each of which is in the answer. `now`: of the market clock. */
export async function loadHoldingsOf(
  context: HoldingContext,
  portfolio: HoldingPortfolio,
  symbols: readonly string[],
  now: Date,
): Promise<ReadonlyMap<string, Holding>> {
  const asked = new Set(symbols);
  const open = await listOpenLots(context, portfolio, now);
  return holdingsOf(
    context,
    portfolio,
    open.filter(({ symbol }) => asked.has(symbol)),
    { symbols, now },
  );
}

/** All that is held, and the symbols. */
export async function loadHoldings(
  context: HoldingContext,
  portfolio: HoldingPortfolio,
  symbols: readonly string[],
  now: Date,
): Promise<ReadonlyMap<string, Holding>> {
  return holdingsOf(context, portfolio, await listOpenLots(context, portfolio, now), { symbols, now });
}

/** The symbols of the open lots. */
export async function listHeldSymbols(
  context: HoldingContext,
  portfolio: HoldingPortfolio,
  now: Date,
): Promise<ReadonlySet<string>> {
  return new Set((await listOpenLots(context, portfolio, now)).map(({ symbol }) => symbol));
}

type HoldingContext = Pick<ApiContext, 'db' | 'calendar'>;
type HoldingPortfolio = Pick<PortfolioRow, 'id' | 'currency'>;
type Asked = Readonly<{ symbols: readonly string[]; now: Date }>;

async function listOpenLots({ db, calendar }: HoldingContext, { id }: HoldingPortfolio, now: Date): Promise<readonly LotRow[]> {
  const today = calendar.newYorkDate(now);
  return (await listLots(db.pool, id)).filter((lot) => isOpen(lot, today));
}

async function holdingsOf(
  { db, calendar }: HoldingContext,
  { id, currency }: HoldingPortfolio,
  open: readonly LotRow[],
  { symbols, now }: Asked,
): Promise<ReadonlyMap<string, Holding>> {
  const today = calendar.newYorkDate(now);
  const quoted = open.filter((lot) => lotKind(lot) === 'market').map(({ symbol }) => symbol);
  const [stored, standing] = await Promise.all([
    loadNewestPrices(db.pool, [...new Set([...symbols, ...quoted])], today),
    loadStandingPrices(
      db.pool,
      id,
      open.filter((lot) => STANDING.has(lotKind(lot))).map(({ positionId }) => positionId),
    ),
  ]);
  const newestPrice = newestPriceAt(calendar, now);
  const standingOf = new Map(standing.map((price) => [price.positionId, price]));
  const lotsOf = groupBy(open, ({ symbol }) => symbol);
  const holdingOf = (symbol: string): Holding => {
    const own = lotsOf.get(symbol) ?? [];
    const prices = stored.get(symbol);
    const market = prices === undefined ? null : newestPrice(inCurrency(prices, currency));
    const price = own[0] === undefined ? market : priceOfLot(own[0], { market, standing: standingOf, today });
    return { lots: own.map((lot) => targetLot(lot, price, prices)), price };
  };
  return new Map([...new Set([...symbols, ...lotsOf.keys()])].map((symbol) => [symbol, holdingOf(symbol)]));
}

/** Kinds of lots that no provider has prices of. */
const STANDING: ReadonlySet<LotKind> = new Set(['option', 'private']);

function isOpen({ entryDate, exitDate, expirationDate }: LotRow, today: string): boolean {
  return entryDate <= today && (exitDate === null || exitDate > today) && (expirationDate === null || expirationDate >= today);
}

/** Pence are not pounds, and no rate of exchange is known here: a quote in another currency is left out. */
function inCurrency(prices: NewestPrices, currency: string): NewestPrices {
  const quoted = prices.quote?.currency ?? currency;
  return quoted === currency ? prices : { ...prices, quote: null };
}

type Known = Readonly<{ market: CurrentPrice | null; standing: ReadonlyMap<string, StandingPrice>; today: string }>;

function priceOfLot(lot: LotRow, { market, standing, today }: Known): CurrentPrice | null {
  const kind = lotKind(lot);
  if (kind === 'market') return market;
  if (kind === 'cash') return { priceE6: Number(parseScaled(lot.entryPrice, 6)), source: 'par', date: today };
  const stands = standing.get(lot.positionId);
  // A lot without a price stands at what was paid for it, which says nothing of what it is worth.
  if (stands === undefined || stands.priceSource === 'no_price') return null;
  return { priceE6: Number(parseScaled(stands.price, 6)), source: 'calculated', date: stands.sessionDate };
}

/** A lot stays as entered: splits since then multiply its shares. */
function targetLot(lot: LotRow, price: CurrentPrice | null, prices: NewestPrices | undefined): TargetLot {
  const isSplit = lotKind(lot) === 'market' && price !== null && prices !== undefined;
  return { size: lotSize(lot), ratio: isSplit ? ratioBetween(prices.splits, lot.entryDate, price.date) : NO_SPLIT };
}
