// Daily returns over the sessions that end at one, of symbols and of a portfolio.
import { loadActions, loadCloses } from '@closebell/prisma/prices';
import { loadRealisedReturns } from '@closebell/prisma/realised-returns';
import { actionsBySession, totalReturns } from '@closebell/shared/calc/returns';
import { toDatedAction } from '@closebell/shared/ledger/price-book';
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
  const [closes, actions] = await Promise.all([
    loadCloses(db.pool, symbols, sessions[0] as string, sessionDate),
    loadActions(db.pool, symbols, sessionDate),
  ]);
  const places = new Map(sessions.map((session, place) => [session, place]));
  return new Map(
    symbols.map((symbol) => {
      const bySession = new Float64Array(sessions.length).fill(Number.NaN);
      for (const { sessionDate: session, closeE6 } of closes.get(symbol) ?? []) {
        const place = places.get(session);
        if (place !== undefined) bySession[place] = closeE6 / 1e6;
      }
      const dated = actionsBySession(sessions, (actions.get(symbol) ?? []).map(toDatedAction));
      // The first close has no close before it, and so no return.
      return [symbol, totalReturns(bySession, dated).subarray(1)];
    }),
  );
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
