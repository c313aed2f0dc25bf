// Daily returns over the sessions that end at one, of symbols and of a portfolio.
import { loadPriceWindows } from '@closebell/prisma/price-windows';
import { loadRealisedReturns } from '@closebell/prisma/realised-returns';
import type { RealisedReturns } from '@closebell/shared/risk/risk-market';
import type { ApiContext } from './context.js';

type Sources = Pick<ApiContext, 'db' | 'calendar'>;

/** Total returns of the `lookback` sessions up to `sessionDate`, by symbol, as fractions; NaN where there is none. */
export async function readReturns(
  { db, calendar }: Sources,
  symbols: readonly string[],
  sessionDate: string,
  lookback: number,
): Promise<ReadonlyMap<string, Float64Array>> {
  const sessions = calendar.sessionsTo(sessionDate, lookback + 1);
  const closesWanted = new Map(symbols.map((symbol) => [symbol, sessions.length]));
  const { returns } = await loadPriceWindows(db.pool, { sessions, closesWanted });
  // The first close has no close before it, and so no return.
  return new Map([...returns].map(([symbol, values]) => [symbol, values.subarray(1)]));
}

/** The portfolio's own daily returns of the `lookback` sessions up to its snapshot of `sessionDate`. */
export async function readRealisedReturns(
  { db, calendar }: Sources,
  portfolioId: string,
  sessionDate: string,
  lookback: number,
): Promise<RealisedReturns> {
  const sessions = calendar.sessionsTo(sessionDate, lookback);
  const found = (await loadRealisedReturns(db.pool, [portfolioId], sessions)).get(portfolioId);
  const returns = found?.returns ?? new Float64Array(sessions.length).fill(Number.NaN);
  return { sessions, returns, previousSession: calendar.previousSession(sessions[0] as string) };
}
