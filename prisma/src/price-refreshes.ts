// Prices fetched for symbols rather than for a calculation: the jobs that do it, and what surrounds one.
import { REFRESH_SYMBOLS_MAX } from '@closebell/shared/jobs';
import { createHash } from 'node:crypto';
import type { Db, Queryable } from './client.js';
import { inHeldTransaction, type JobHold } from './job-runs.js';
import { submitJob, type JobOrigin, type Submitted } from './jobs.js';

export type PriceRefresh = Readonly<{ symbols: readonly string[]; sessionDate: string; force: boolean }>;

export type RequestedRefresh = Submitted & Readonly<{ symbolsCount: number }>;

/** As many jobs as the symbols need; one that is live for the same symbols is joined. In the caller's transaction. */
export async function requestPriceRefresh(
  client: Queryable,
  { symbols, sessionDate, force }: PriceRefresh,
  origin: JobOrigin,
): Promise<readonly RequestedRefresh[]> {
  // Sorted, so that the same symbols make the same jobs, and two requests at once meet in the same order.
  const sorted = [...new Set(symbols)].sort((a, b) => (a < b ? -1 : 1));
  const submitted = [];
  for (let at = 0; at < sorted.length; at += REFRESH_SYMBOLS_MAX) {
    const part = sorted.slice(at, at + REFRESH_SYMBOLS_MAX);
    const payload = { symbols: part, symbolsHash: hashOf(part), sessionDate, force };
    submitted.push({ ...(await submitJob(client, 'refresh-prices', payload, origin)), symbolsCount: part.length });
  }
  return submitted;
}

function hashOf(sortedSymbols: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(sortedSymbols)).digest('hex').slice(0, 32);
}

/** Ends the rests of symbols without data and of sessions without a bar: they are asked for at the next opportunity. */
export async function endRests(db: Db, hold: JobHold, symbols: readonly string[]): Promise<void> {
  await inHeldTransaction(db, hold, async (client) => {
    await client.query(
      `UPDATE securities SET no_data_until = NULL WHERE symbol = ANY($1) AND no_data_until > clock_timestamp()`,
      [symbols],
    );
    await client.query(
      `UPDATE missing_bars SET retry_at = clock_timestamp() WHERE symbol = ANY($1) AND retry_at > clock_timestamp()`,
      [symbols],
    );
  });
}

/** Portfolios that hold one of the symbols and wait to be computed again. */
export async function listDirtyHolders(client: Queryable, symbols: readonly string[]): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>(
    `SELECT id FROM portfolios WHERE deleted_at IS NULL AND dirty_from IS NOT NULL AND EXISTS (
       SELECT 1 FROM positions lot WHERE portfolio_id = portfolios.id AND lot.deleted_at IS NULL
         AND (symbol = ANY($1) OR underlying_symbol = ANY($1)))`,
    [symbols],
  );
  return rows.map(({ id }) => id);
}
