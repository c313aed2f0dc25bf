// What a portfolio's history says of one session. Money in units of 1e-4.

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
