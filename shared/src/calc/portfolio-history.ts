// A portfolio along a run of sessions: its lots added up, and the equity chain that follows from them. All money in units of 1e-4.
//
//   equity(t) = equity(t−1) + pnl(t) + flow(t)      cash(t) = equity(t) − Σ signed market value(t)
//
// Equity is derived from one known value and the ledger, never incremented where it is stored, so a second run changes nothing.
import { assertSafe } from './exact-value.js';
import { addLot, createSums, figuresOf, realisedBySession, type PortfolioLot } from './portfolio-sums.js';
import type { SessionAxis } from './price-series.js';
import type { SessionFigures } from './session-figures.js';

/** Where the chain gets its one known equity from. */
export type ChainStart =
  /** The whole history: the stated balance is the equity of session `index`; later ones roll forward, earlier ones back. */
  | Readonly<{ from: 'anchor'; index: number; equityE4: number }>
  /** The sessions after a stored one: session 0 is that one. */
  | Readonly<{ from: 'previous'; equityE4: number; cumulativePnlE4: number }>;

/** Contributions (+) and withdrawals (−) booked in session `index`. */
export type Flow = Readonly<{ index: number; amountE4: number }>;

export type PortfolioInput = Readonly<{ lots: readonly PortfolioLot[]; flows: readonly Flow[]; start: ChainStart }>;

export type PortfolioHistory = Readonly<{
  /** Figures of sessions 1 … of the axis, in order. */
  figures: readonly SessionFigures[];
  /** By lot, signed market value at the close of the last session; 0 for one that is closed by then. */
  lastValuesE4: Float64Array;
}>;

/** Adds the lots up and chains equity. Session 0 of the axis is the predecessor of the first one asked for. */
export function portfolioHistory(axis: SessionAxis, { lots, flows, start }: PortfolioInput): PortfolioHistory {
  const sums = createSums(axis.sessions.length);
  const lastValuesE4 = Float64Array.from(lots, (item) => addLot(sums, axis, item));
  const figures = figuresOf(sums, realisedBySession(axis, lots));
  for (const { index, amountE4 } of flows) {
    const session = figures[index - 1];
    if (session) session.flowE4 += amountE4;
  }
  chainEquity(figures, start);
  addReturns(figures, flows, start);
  return { figures, lastValuesE4 };
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
