// Which symbols a figure of today's holdings can rest on. Where sessions count only if all symbols have a return, one that has stopped trading would take
// its sessions from all others; and what no longer trades says nothing of today.
import { countPresent } from '../calc/statistics.js';

export const EXCLUSION_REASONS = [
  'no_returns',
  'returns_ended',
  'insufficient_history',
  'insufficient_overlap',
  'unknown_covariances',
] as const;

export type ExclusionReason = (typeof EXCLUSION_REASONS)[number];

export type ExcludedSymbol = Readonly<{ symbol: string; reason: ExclusionReason }>;

/** A symbol whose last return is more sessions old than this has stopped trading, or its prices are missing: it is left out. */
export const RETURN_AGE_MAX = 5;

/** A symbol that lacks more than this share of the returns that the best recorded one has is left out of a joint window. */
export const LACKING_SHARE_MAX = 0.5;

/** By symbol its returns over the same sessions, the last one newest; NaN is a gap. */
type ReturnsBySymbol = ReadonlyMap<string, Float64Array>;

export type JointWindow = Readonly<{ included: readonly string[]; excluded: readonly ExcludedSymbol[] }>;

/** In the order of `symbols`. */
export function jointWindow(symbols: readonly string[], returns: ReturnsBySymbol): JointWindow {
  const { included: current, excluded: ended } = currentSymbols(symbols, returns);
  const counts = new Map(current.map((symbol) => [symbol, countPresent(returns.get(symbol) ?? [])]));
  const fewest = (1 - LACKING_SHARE_MAX) * Math.max(0, ...counts.values());
  const isShort = (symbol: string): boolean => (counts.get(symbol) as number) < fewest;
  const short = current.filter(isShort).map((symbol): ExcludedSymbol => ({ symbol, reason: 'insufficient_history' }));
  return { included: current.filter((symbol) => !isShort(symbol)), excluded: [...ended, ...short] };
}

/** Those whose returns reach up to the last few sessions: enough where each pair has a window of its own. */
export function currentSymbols(symbols: readonly string[], returns: ReturnsBySymbol): JointWindow {
  const reasons = new Map(symbols.map((symbol) => [symbol, endedReason(returns.get(symbol))]));
  return {
    included: symbols.filter((symbol) => reasons.get(symbol) === null),
    excluded: symbols.flatMap((symbol) => {
      const reason = reasons.get(symbol) ?? null;
      return reason === null ? [] : [{ symbol, reason }];
    }),
  };
}

function endedReason(returns: Float64Array | undefined): ExclusionReason | null {
  const last = returns?.findLastIndex((value) => !Number.isNaN(value)) ?? -1;
  if (returns === undefined || last === -1) return 'no_returns';
  return returns.length - 1 - last > RETURN_AGE_MAX ? 'returns_ended' : null;
}
