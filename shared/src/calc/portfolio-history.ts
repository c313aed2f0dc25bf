// A portfolio along a run of sessions: its lots added up, and the equity chain that follows from them. All money in units of 1e-4.
//
//   equity(t) = equity(t−1) + pnl(t) + flow(t)      cash(t) = equity(t) − Σ signed market value(t)
//
// Equity is derived from one known value and the ledger, never incremented where it is stored, so a second run changes nothing.
import { assertSafe } from './exact-value.js';
import { lotHistory, priceSourceAt, type Lot, type LotHistory, type PriceSource } from './lot-history.js';
import type { SessionAxis } from './price-series.js';

/** Where the chain gets its one known equity from. */
export type ChainStart =
  /** The whole history: the stated balance is the equity of session `index`; later ones roll forward, earlier ones back. */
  | Readonly<{ from: 'anchor'; index: number; equityE4: number }>
  /** The sessions after a stored one: session 0 is that one. */
  | Readonly<{ from: 'previous'; equityE4: number; cumulativePnlE4: number }>;

/** One lot with what the portfolio's sums need beyond its values. */
export type PortfolioLot = Readonly<{
  lot: Lot;
  isOption: boolean;
  isPrivate: boolean;
  /** Per session the value an option moves like, in units of 1e-4 (NaN: unknown); null where value and exposure are one. */
  deltaE4: Float64Array | null;
}>;

/** Contributions (+) and withdrawals (−) booked in session `index`. */
export type Flow = Readonly<{ index: number; amountE4: number }>;

export type PortfolioInput = Readonly<{ lots: readonly PortfolioLot[]; flows: readonly Flow[]; start: ChainStart }>;

/** The figures of one session; `long`, `short` (≤ 0), `gross`, `net`, `options` and `private` are market values. */
export type SessionFigures = {
  equityE4: number;
  cashE4: number;
  longE4: number;
  shortE4: number;
  grossE4: number;
  netE4: number;
  optionsE4: number;
  privateE4: number;
  /** Exposure with options at their delta; null when a delta is unknown. */
  deltaLongE4: number | null;
  deltaShortE4: number | null;
  positionCount: number;
  /** Option lots count here by their sign, and in optionCount as well. */
  longCount: number;
  shortCount: number;
  optionCount: number;
  pnlE4: number;
  flowE4: number;
  cumulativePnlE4: number;
  /** pnl / (previous equity + contributions of the session), a fraction; null without a predecessor or when that is not positive. */
  dailyReturn: number | null;
  /** Exit against entry of all lots closed up to here. */
  realisedPnlE4: number;
  /** Share of gross market value at a price of this very session; 1 when there is nothing to value. */
  coverage: number;
  /** Whether a lot stands at an old close or at its entry price for want of one. */
  valuation: 'full' | 'partial';
  /** Calendar index of the oldest close used; null when none was. */
  oldestCloseIndex: number | null;
};

export type PortfolioHistory = Readonly<{
  /** Figures of sessions 1 … of the axis, in order. */
  figures: readonly SessionFigures[];
  lots: readonly LotHistory[];
}>;

/** Adds the lots up and chains equity. Session 0 of the axis is the predecessor of the first one asked for. */
export function portfolioHistory(axis: SessionAxis, { lots, flows, start }: PortfolioInput): PortfolioHistory {
  const histories = lots.map(({ lot }) => lotHistory(axis, lot));
  const figures = axis.sessions.slice(1).map((_, at) => sumOfSession(axis, lots, histories, at + 1));
  for (const { index, amountE4 } of flows) {
    const session = figures[index - 1];
    if (session) session.flowE4 += amountE4;
  }
  chainEquity(figures, start);
  addReturns(figures, flows, start);
  return { figures, lots: histories };
}

const COVERED: ReadonlySet<PriceSource> = new Set(['close', 'model', 'par']);
const MISSING: ReadonlySet<PriceSource> = new Set(['stale', 'no_price', 'model_stale']);

function sumOfSession(
  axis: SessionAxis,
  lots: readonly PortfolioLot[],
  histories: readonly LotHistory[],
  i: number,
): SessionFigures {
  const sum = emptyFigures();
  let coveredE4 = 0;
  for (const [k, item] of lots.entries()) {
    const { lot } = item;
    sum.pnlE4 += histories[k]!.pnlE4[i]!;
    if (lot.exitIndex <= i) sum.realisedPnlE4 += lot.exitValueE4 - lot.entryValueE4;
    if (lot.entryIndex > i || lot.exitIndex <= i) continue;
    const valueE4 = histories[k]!.valueE4[i]!;
    const source = priceSourceAt(axis, lot, i);
    addOpenLot(sum, item, valueE4, i);
    if (COVERED.has(source)) coveredE4 += Math.abs(valueE4);
    if (MISSING.has(source)) sum.valuation = 'partial';
    sum.oldestCloseIndex = older(sum.oldestCloseIndex, closeIndexAt(item.lot, i));
  }
  sum.grossE4 = assertSafe(sum.longE4 - sum.shortE4, 'gross market value');
  sum.netE4 = sum.longE4 + sum.shortE4;
  if (sum.grossE4 > 0) sum.coverage = coveredE4 / sum.grossE4;
  return sum;
}

function addOpenLot(sum: SessionFigures, { lot, isOption, isPrivate, deltaE4 }: PortfolioLot, valueE4: number, i: number): void {
  const isShort = lot.size.quantityE8 < 0n;
  sum.positionCount += 1;
  if (isOption) sum.optionCount += 1;
  if (isShort) sum.shortCount += 1;
  else sum.longCount += 1;
  if (isShort) sum.shortE4 += valueE4;
  else sum.longE4 += valueE4;
  if (isOption) sum.optionsE4 += Math.abs(valueE4);
  if (isPrivate) sum.privateE4 += Math.abs(valueE4);
  addDelta(sum, deltaE4 === null ? valueE4 : deltaE4[i]!);
}

function addDelta(sum: SessionFigures, exposureE4: number): void {
  if (sum.deltaLongE4 === null || sum.deltaShortE4 === null) return;
  if (Number.isNaN(exposureE4)) {
    sum.deltaLongE4 = null;
    sum.deltaShortE4 = null;
  } else if (exposureE4 >= 0) sum.deltaLongE4 += exposureE4;
  else sum.deltaShortE4 += exposureE4;
}

function closeIndexAt({ pricing }: Lot, i: number): number | null {
  if (pricing.by !== 'close') return null;
  const index = pricing.series.closeIndex[i]!;
  return index === -1 ? null : index;
}

function older(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}

function chainEquity(figures: SessionFigures[], start: ChainStart): void {
  const known = start.from === 'anchor' ? start.index - 1 : -1;
  let equity = start.equityE4;
  if (start.from === 'anchor') setEquity(figures[known]!, equity);
  for (let i = known + 1; i < figures.length; i++) {
    equity += figures[i]!.pnlE4 + figures[i]!.flowE4;
    setEquity(figures[i]!, equity);
  }
  equity = start.equityE4;
  for (let i = known; i > 0; i--) {
    equity -= figures[i]!.pnlE4 + figures[i]!.flowE4;
    setEquity(figures[i - 1]!, equity);
  }
  let cumulative = start.from === 'previous' ? start.cumulativePnlE4 : 0;
  for (const session of figures) {
    cumulative += session.pnlE4;
    session.cumulativePnlE4 = assertSafe(cumulative, 'cumulative P&L');
  }
}

function setEquity(session: SessionFigures, equityE4: number): void {
  session.equityE4 = assertSafe(equityE4, 'equity');
  session.cashE4 = assertSafe(equityE4 - session.netE4, 'cash');
}

function addReturns(figures: SessionFigures[], flows: readonly Flow[], start: ChainStart): void {
  const contributions = new Map<number, number>();
  for (const { index, amountE4 } of flows) {
    if (amountE4 > 0) contributions.set(index, (contributions.get(index) ?? 0) + amountE4);
  }
  let before = start.from === 'previous' ? start.equityE4 : null;
  for (const [at, session] of figures.entries()) {
    const base = before === null ? 0 : before + (contributions.get(at + 1) ?? 0);
    session.dailyReturn = base > 0 ? session.pnlE4 / base : null;
    before = session.equityE4;
  }
}

function emptyFigures(): SessionFigures {
  return {
    equityE4: 0,
    cashE4: 0,
    longE4: 0,
    shortE4: 0,
    grossE4: 0,
    netE4: 0,
    optionsE4: 0,
    privateE4: 0,
    deltaLongE4: 0,
    deltaShortE4: 0,
    positionCount: 0,
    longCount: 0,
    shortCount: 0,
    optionCount: 0,
    pnlE4: 0,
    flowE4: 0,
    cumulativePnlE4: 0,
    dailyReturn: null,
    realisedPnlE4: 0,
    coverage: 1,
    valuation: 'full',
    oldestCloseIndex: null,
  };
}
