// Model prices of one option lot along a run of sessions: the volatility its premium implied at entry, held constant.
// A stored mark is used as it stands, so that a rate published later restates nothing.
import { impliedVolatility } from './implied-volatility.js';
import { priceOption, yearsToExpiry, type OptionTerms, type OptionType } from './option-pricing.js';
import { ratioBetween, type PriceSeries, type SessionAxis } from './price-series.js';

export type OptionContract = Readonly<{ type: OptionType; strike: number; expirationDate: string }>;

/** `entry`: implied by the premium. `realised`: the underlying's 63 sessions, where the premium implies none. */
export type VolatilitySource = 'entry' | 'realised';

/** A mark with everything it was worked out from. Prices in units of 1e-6; `delta` per share. */
export type OptionMark = Readonly<{
  sessionDate: string;
  priceE6: number;
  delta: number;
  underlyingCloseE6: number;
  entryCloseE6: number | null;
  volatility: number;
  /** Continuously compounded, a year. */
  rate: number;
  source: VolatilitySource;
}>;

export type MarkInput = Readonly<{
  contract: OptionContract;
  entryDate: string;
  entrySession: string;
  /** Per share, units of 1e-6. */
  premiumE6: number;
  /** The underlying's close of the entry session, as traded then; null when there is none. */
  entryCloseE6: number | null;
  underlying: PriceSeries;
  /** Of a session's new marks: continuously compounded, a year. */
  rateOn: (session: string) => number;
  /** Standard deviation of a year's returns of the underlying up to session i; null when too few. */
  realisedVolatility: (i: number) => number | null;
  closeInstant: (session: string) => Date;
  /** By session; the newest revision of each. */
  stored: ReadonlyMap<string, OptionMark>;
  /** The lot's life on the axis: sessions first … last. */
  first: number;
  last: number;
}>;

export type OptionMarks = Readonly<{
  /** Per session in units of 1e-6; NaN where neither a volatility nor a close of the underlying is known. */
  markE6: Float64Array;
  /** delta × underlying per share, in money; NaN where there is no mark. */
  deltaExposure: Float64Array;
  /** 1 where the underlying's close is of that session. */
  fresh: Uint8Array;
  /** Marks that are not stored yet, or that a changed input replaces. */
  added: readonly OptionMark[];
}>;

export function optionMarks(axis: SessionAxis, input: MarkInput): OptionMarks {
  const length = axis.sessions.length;
  const markE6 = new Float64Array(length).fill(Number.NaN);
  const deltaExposure = new Float64Array(length).fill(Number.NaN);
  const fresh = new Uint8Array(length);
  const added: OptionMark[] = [];
  const entryVolatility = volatilityAtEntry(input);
  for (let i = input.first; i <= input.last; i++) {
    if (input.underlying.closeIndex[i] === -1) continue;
    const spot = spotAt(axis, input, i);
    const stored = input.stored.get(axis.sessions[i]!);
    const mark = stored && stillHolds(stored, input, i) ? stored : newMark(axis, input, i, spot, entryVolatility);
    if (mark === null) continue;
    if (mark !== stored) added.push(mark);
    markE6[i] = mark.priceE6;
    deltaExposure[i] = mark.delta * spot;
    fresh[i] = input.underlying.closeIndex[i] === axis.firstIndex + i ? 1 : 0;
  }
  return { markE6, deltaExposure, fresh, added };
}

/** A mark stands as long as the closes it was worked out from do. */
function stillHolds(mark: OptionMark, { underlying, entryCloseE6 }: MarkInput, i: number): boolean {
  return mark.underlyingCloseE6 === underlying.closeE6[i] && mark.entryCloseE6 === entryCloseE6;
}

/** Intrinsic value per share in units of 1e-6, at a close of the underlying given in the basis of the entry date. */
export function intrinsicE6({ type, strike }: OptionContract, spot: number): number {
  return Math.round(Math.max(0, type === 'call' ? spot - strike : strike - spot) * 1e6);
}

function newMark(
  axis: SessionAxis,
  input: MarkInput,
  i: number,
  spot: number,
  entryVolatility: number | null,
): OptionMark | null {
  const volatility = entryVolatility ?? input.realisedVolatility(i);
  if (volatility === null) return null;
  const session = axis.sessions[i]!;
  const terms = termsAt(input, session, spot);
  const { price, delta } = priceOption({ ...terms, volatility });
  return {
    sessionDate: session,
    priceE6: Math.round(price * 1e6),
    delta,
    underlyingCloseE6: input.underlying.closeE6[i]!,
    entryCloseE6: input.entryCloseE6,
    volatility,
    rate: terms.rate,
    source: entryVolatility === null ? 'realised' : 'entry',
  };
}

/** Contracts are kept as entered, so later splits of the underlying are undone for them. */
function spotAt(axis: SessionAxis, { underlying, entryDate }: MarkInput, i: number): number {
  const { numerator, denominator } = ratioBetween(underlying.splits, entryDate, axis.dateOf(underlying.closeIndex[i]!));
  return ((underlying.closeE6[i]! / 1e6) * numerator) / denominator;
}

/** A session that was marked before keeps its rate, also where a corrected close gives it another mark. */
function termsAt({ contract, rateOn, closeInstant, stored }: MarkInput, session: string, spot: number): OptionTerms {
  const rate = stored.get(session)?.rate ?? rateOn(session);
  const years = yearsToExpiry(closeInstant(session), contract.expirationDate);
  return { type: contract.type, strike: contract.strike, spot, rate, years };
}

/** The volatility of an earlier mark where the entry close is still the same one, else what premium and entry close imply. */
function volatilityAtEntry(input: MarkInput): number | null {
  if (input.entryCloseE6 === null) return null;
  for (const { source, entryCloseE6, volatility } of input.stored.values()) {
    if (source === 'entry' && entryCloseE6 === input.entryCloseE6) return volatility;
  }
  const terms = termsAt(input, input.entrySession, input.entryCloseE6 / 1e6);
  const implied = impliedVolatility({ ...terms, premium: input.premiumE6 / 1e6 });
  return implied.ok ? implied.volatility : null;
}
