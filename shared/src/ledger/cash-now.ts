// The cash of a portfolio between two closes. By the identity cash = equity − Σ market value, cash moves by flows, by what lots cost and bring
// in, and by dividends; never by prices. Pure; money in units of 1e-4.
import { assertSafe, lotValueE4, parseScaled } from '../calc/exact-value.js';
import { dividendE4 } from '../calc/lot-history.js';
import { portfolioHistory } from '../calc/portfolio-history.js';
import { ratioBetween } from '../calc/price-series.js';
import type { TradingCalendar } from '../calendar/trading-calendar.js';
import { lotKind } from '../lot-kind.js';
import type { LedgerEntries, LedgerFlow, LedgerLot } from './ledger.js';
import { buildLots, exitValueE4, lotSize, type LotSources } from './lots.js';
import type { ActionEvents } from './price-book.js';

/** The cash at the close of a session. */
export type ClosingCash = Readonly<{
  date: string;
  cashE4: number;
  /** Some lots stand at an old close, or at their entry price, for want of one: when prices come, the cash moves. */
  isEstimated: boolean;
}>;

/** At the anchor: what is left of the stated balance. `sources`: on the axis of that session and the one before it. */
export function cashAtAnchor(sources: LotSources, { lots, equityBalance }: Omit<LedgerEntries, 'flows'>): ClosingCash {
  const start = { from: 'anchor', index: 1, equityE4: Number(parseScaled(equityBalance, 4)) } as const;
  const { figures } = portfolioHistory(sources.axis, { lots: buildLots(sources, lots), flows: [], start });
  const { cashE4, valuation } = figures[0]!;
  return { date: sources.axis.sessions[1]!, cashE4, isEstimated: valuation === 'partial' };
}

/** What options that nobody closed brought in at their expiry, in the sessions of the axis but its first. */
export function settledCash(sources: LotSources, options: readonly LedgerLot[]): number {
  return buildLots(sources, options)
    .filter(({ entry, lot }) => entry.exitDate === null && lot.exitIndex >= 1 && lot.exitIndex < sources.axis.sessions.length)
    .reduce((sum, { lot }) => sum + lot.exitValueE4, 0);
}

export type CashSources = Readonly<{
  calendar: TradingCalendar;
  /** The date in New York. */
  today: string;
  /** Splits and dividends by symbol. */
  actions: ReadonlyMap<string, ActionEvents>;
}>;

/** The closing cash, and what has moved it since, up to and with today; but for the settlement of options. */
export function cashNow(
  sources: CashSources,
  { date, cashE4 }: ClosingCash,
  { lots, flows }: Pick<LedgerEntries, 'lots' | 'flows'>,
): number {
  const flowsE4 = flows.filter((flow) => isSince(sources, date, flow.date)).map(amountE4);
  const lotsE4 = lots.map((lot) => movedBy(sources, date, lot));
  return assertSafe(
    [...flowsE4, ...lotsE4].reduce((sum, moved) => sum + moved, cashE4),
    'cash',
  );
}

function isSince({ today }: CashSources, close: string, date: string): boolean {
  return date > close && date <= today;
}

function amountE4({ amount }: LedgerFlow): number {
  return Number(parseScaled(amount, 4));
}

const NO_EVENTS: ActionEvents = { splits: [], dividends: [] };

function movedBy(sources: CashSources, close: string, lot: LedgerLot): number {
  const { splits } = sources.actions.get(lot.symbol) ?? NO_EVENTS;
  const costE4 = isSince(sources, close, lot.entryDate) ? lotValueE4(lotSize(lot), Number(parseScaled(lot.entryPrice, 6))) : 0;
  const isClosed = lot.exitDate !== null && isSince(sources, close, lot.exitDate);
  return (isClosed ? exitValueE4(lot, splits)! : 0) - costE4 + dividends(sources, close, lot);
}

/** Of lots held at the close before the ex-date, as the nightly calculation books them. */
function dividends({ calendar, today, actions }: CashSources, close: string, lot: LedgerLot): number {
  if (lotKind(lot) !== 'market') return 0;
  const events = actions.get(lot.symbol) ?? NO_EVENTS;
  const paid = events.dividends.map(({ exDate, amountE8 }) => {
    const exSession = calendar.sessionOnOrAfter(exDate);
    const heldOn = calendar.previousSession(exSession);
    const isHeld = lot.entryDate <= heldOn && (lot.exitDate === null || lot.exitDate > heldOn);
    if (!isHeld || exSession <= close || exSession > today) return 0;
    return dividendE4(lotSize(lot), amountE8, ratioBetween(events.splits, lot.entryDate, heldOn));
  });
  return paid.reduce((sum, amount) => sum + amount, 0);
}
