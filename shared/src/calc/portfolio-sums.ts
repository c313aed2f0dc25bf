// The lots of a portfolio added up session by session, in units of 1e-4. Lot by lot and only through the sessions it was held in: a portfolio
// of twelve years has thousands of lots, few of them open at a time. All sums are of integers, so the order of lots changes no digit.
import { assertSafe } from './exact-value.js';
import { lotHistory, openSessions, type Lot } from './lot-history.js';
import type { SessionAxis } from './price-series.js';
import type { SessionFigures } from './session-figures.js';

/** One lot with what the portfolio's sums need beyond its values. */
export type PortfolioLot = Readonly<{
  lot: Lot;
  isOption: boolean;
  isPrivate: boolean;
  /** Per session the value an option moves like, in units of 1e-4 (NaN: unknown); null where value and exposure are one. */
  deltaE4: Float64Array | null;
}>;

/** Figures per session of the axis. Counts are of what begins and ends in a session; figuresOf adds them up. */
export type PortfolioSums = Readonly<{
  pnlE4: Float64Array;
  longE4: Float64Array;
  shortE4: Float64Array;
  optionsE4: Float64Array;
  privateE4: Float64Array;
  deltaLongE4: Float64Array;
  deltaShortE4: Float64Array;
  /** 1 where a delta is unknown. */
  noDelta: Uint8Array;
  /** Market value at a price of the very session. */
  coveredE4: Float64Array;
  /** 1 where a lot lacks such a price. */
  partial: Uint8Array;
  /** Calendar index of the oldest close used. */
  oldest: Int32Array;
  positions: Int32Array;
  shorts: Int32Array;
  options: Int32Array;
}>;

const NO_CLOSE = 2 ** 31 - 1;

export function createSums(length: number): PortfolioSums {
  const money = (): Float64Array => new Float64Array(length);
  const count = (): Int32Array => new Int32Array(length + 1);
  return {
    pnlE4: money(),
    longE4: money(),
    shortE4: money(),
    optionsE4: money(),
    privateE4: money(),
    deltaLongE4: money(),
    deltaShortE4: money(),
    noDelta: new Uint8Array(length),
    coveredE4: money(),
    partial: new Uint8Array(length),
    oldest: new Int32Array(length).fill(NO_CLOSE),
    positions: count(),
    shorts: count(),
    options: count(),
  };
}

/** Adds the lot and gives its value at the close of the last session. */
export function addLot(sums: PortfolioSums, axis: SessionAxis, item: PortfolioLot): number {
  const { lot, isOption, isPrivate } = item;
  const { first, valueE4, pnlE4 } = lotHistory(axis, lot);
  const { end } = openSessions(axis, lot);
  const open = valueE4.subarray(0, end - first);
  addTo(sums.pnlE4, first, pnlE4);
  addTo(lot.size.quantityE8 < 0n ? sums.shortE4 : sums.longE4, first, open);
  if (isOption) addMagnitudes(sums.optionsE4, first, open);
  if (isPrivate) addMagnitudes(sums.privateE4, first, open);
  addDeltas(sums, first, item.deltaE4 === null ? open : item.deltaE4.subarray(first, end));
  addPrices(sums, axis, lot, first, open);
  addCounts(sums, item, first, end);
  return end === axis.sessions.length ? (open.at(-1) ?? 0) : 0;
}

function addTo(sum: Float64Array, first: number, values: Float64Array): void {
  for (let k = 0; k < values.length; k++) sum[first + k]! += values[k]!;
}

function addMagnitudes(sum: Float64Array, first: number, values: Float64Array): void {
  for (let k = 0; k < values.length; k++) sum[first + k]! += Math.abs(values[k]!);
}

function addDeltas({ deltaLongE4, deltaShortE4, noDelta }: PortfolioSums, first: number, exposureE4: Float64Array): void {
  for (let k = 0; k < exposureE4.length; k++) {
    const exposure = exposureE4[k]!;
    if (exposure >= 0) deltaLongE4[first + k]! += exposure;
    else if (exposure < 0) deltaShortE4[first + k]! += exposure;
    else noDelta[first + k] = 1;
  }
}

/** What stands at a price of the session itself, and how old the closes are that the others stand at. */
function addPrices(sums: PortfolioSums, axis: SessionAxis, { pricing }: Lot, first: number, open: Float64Array): void {
  const { coveredE4, partial, oldest } = sums;
  if (pricing.by === 'par') addMagnitudes(coveredE4, first, open);
  if (pricing.by === 'par' || pricing.by === 'manual') return;
  const isClose = pricing.by === 'close';
  const closeIndex = isClose ? pricing.series.closeIndex : null;
  for (let k = 0, i = first; k < open.length; k++, i++) {
    const isOfSession = isClose ? closeIndex![i] === axis.firstIndex + i : pricing.fresh[i] === 1;
    if (isOfSession) coveredE4[i]! += Math.abs(open[k]!);
    else partial[i] = 1;
    if (closeIndex !== null && closeIndex[i] !== -1 && closeIndex[i]! < oldest[i]!) oldest[i] = closeIndex[i]!;
  }
}

function addCounts(
  { positions, shorts, options }: PortfolioSums,
  { lot, isOption }: PortfolioLot,
  first: number,
  end: number,
): void {
  const counts = [positions, ...(lot.size.quantityE8 < 0n ? [shorts] : []), ...(isOption ? [options] : [])];
  for (const count of counts) {
    count[first]! += 1;
    count[end]! -= 1;
  }
}

/** Exit against entry of all lots closed up to each session, in units of 1e-4. */
export function realisedBySession({ sessions }: SessionAxis, lots: readonly Readonly<{ lot: Lot }>[]): Float64Array {
  const realisedE4 = new Float64Array(sessions.length);
  for (const { lot } of lots) {
    if (lot.exitIndex < sessions.length) realisedE4[Math.max(lot.exitIndex, 0)]! += lot.exitValueE4 - lot.entryValueE4;
  }
  for (let i = 1; i < sessions.length; i++) realisedE4[i]! += realisedE4[i - 1]!;
  return realisedE4;
}

/** Of sessions 1 …, without what follows from flows and the chain of equity. */
export function figuresOf(sums: PortfolioSums, realisedE4: Float64Array): SessionFigures[] {
  const figures: SessionFigures[] = [];
  let [positions, shorts, options] = [0, 0, 0];
  for (let i = 0; i < sums.pnlE4.length; i++) {
    positions += sums.positions[i]!;
    shorts += sums.shorts[i]!;
    options += sums.options[i]!;
    if (i === 0) continue;
    figures.push(figuresAt(sums, i, { positions, shorts, options, realisedE4: realisedE4[i]! }));
  }
  return figures;
}

type Totals = Readonly<{ positions: number; shorts: number; options: number; realisedE4: number }>;

function figuresAt(sums: PortfolioSums, i: number, { positions, shorts, options, realisedE4 }: Totals): SessionFigures {
  const longE4 = sums.longE4[i]!;
  const shortE4 = sums.shortE4[i]!;
  const grossE4 = assertSafe(longE4 - shortE4, 'gross market value');
  const isDeltaKnown = sums.noDelta[i] === 0;
  return {
    equityE4: 0,
    cashE4: 0,
    longE4,
    shortE4,
    grossE4,
    netE4: longE4 + shortE4,
    optionsE4: sums.optionsE4[i]!,
    privateE4: sums.privateE4[i]!,
    deltaLongE4: isDeltaKnown ? sums.deltaLongE4[i]! : null,
    deltaShortE4: isDeltaKnown ? sums.deltaShortE4[i]! : null,
    positionCount: positions,
    longCount: positions - shorts,
    shortCount: shorts,
    optionCount: options,
    pnlE4: sums.pnlE4[i]!,
    flowE4: 0,
    cumulativePnlE4: 0,
    dailyReturn: null,
    realisedPnlE4: realisedE4,
    coverage: grossE4 > 0 ? sums.coveredE4[i]! / grossE4 : 1,
    valuation: sums.partial[i] === 1 ? 'partial' : 'full',
    oldestCloseIndex: sums.oldest[i] === NO_CLOSE ? null : sums.oldest[i]!,
  };
}
