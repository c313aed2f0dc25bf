// The market of a batch, kept from one chunk of it to the next: a night has forty chunks and one market.
import { loadRiskMarket, type MarketReads, type StoredMarket } from './risk-inputs.js';

export type MarketRequest = Readonly<{
  symbols: readonly string[];
  sessionDate: string;
  /** The run whose chunks share their market; null: read for this one time. */
  batchRunId: string | null;
}>;

export type RiskMarkets = Readonly<{
  /**
   * As loadRiskMarket, but what is kept may be of prices that have changed since: who stores figures made of it counts the price rows
   * again under the lock, and on another count forgets it.
   */
  load: (reads: MarketReads, request: MarketRequest) => Promise<StoredMarket | null>;
  forget: () => void;
}>;

export function createRiskMarkets(): RiskMarkets {
  let kept: Readonly<{ batchRunId: string; sessionDate: string; stored: StoredMarket }> | null = null;
  return {
    load: async (reads, { symbols, sessionDate, batchRunId }) => {
      if (batchRunId === null) return loadRiskMarket(reads, symbols, sessionDate);
      const isOfBatch = kept !== null && kept.batchRunId === batchRunId && kept.sessionDate === sessionDate;
      const known = isOfBatch ? kept!.stored : null;
      const knownSymbols = known?.market.betas;
      if (known !== null && symbols.every((symbol) => knownSymbols!.has(symbol))) return known;
      // Those that are known stay in: chunks hold nearly the same symbols, and soon all are there.
      const all = [...new Set([...(knownSymbols?.keys() ?? []), ...symbols])].sort();
      const stored = await loadRiskMarket(reads, all, sessionDate);
      kept = stored === null ? null : { batchRunId, sessionDate, stored };
      return stored;
    },
    forget: () => {
      kept = null;
    },
  };
}
