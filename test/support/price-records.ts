// Prices as a fetch stores them, without a provider.
import type { Db } from '@closebell/prisma/client';
import type { JobHold } from '@closebell/prisma/job-runs';
import { storeFetchedBars, type StoreResult } from '@closebell/prisma/price-inserts';
import type { CorporateAction } from '@closebell/shared/market-data/provider';

/** Closes by session. */
export type Closes = ReadonlyMap<string, number>;

/** Of some symbols; a close that is stored already and another one now becomes its next revision. */
export async function storeCloses(
  db: Db,
  hold: JobHold,
  closes: Readonly<Record<string, Closes>>,
  actions: readonly CorporateAction[] = [],
): Promise<StoreResult> {
  const fetched = Object.entries(closes).map(([symbol, bySession]) => {
    const bars = [...bySession].map(([sessionDate, close]) => ({
      symbol,
      sessionDate,
      open: null,
      high: null,
      low: null,
      close,
      volume: null,
    }));
    const own = actions.filter((action) => action.symbol === symbol);
    return { symbol, answers: [{ provider: 'test', bars, actions: own }], asked: [...bySession.keys()] };
  });
  const latest = fetched.flatMap(({ asked }) => asked).reduce((a, b) => (a > b ? a : b));
  return storeFetchedBars(db, hold, fetched, latest);
}

/** Closes whose returns are the ones given, over the last of the sessions; so high that their rounding hardly shows. */
export function closesOf(sessions: readonly string[], returns: readonly number[]): Closes {
  let close = 100_000;
  const closes = [close, ...returns.map((value) => (close *= 1 + value))].map((value) => Number(value.toFixed(6)));
  return new Map(closes.map((value, t) => [sessions[sessions.length - closes.length + t]!, value]));
}
