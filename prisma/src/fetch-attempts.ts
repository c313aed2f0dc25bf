// What came of asking each provider for a symbol the last time: why a symbol has no price, for users and admins.
import type { Capability, RefusalStatus } from '@closebell/shared/market-data/provider';
import type { Queryable } from './client.js';

export type FetchAttemptRow = Readonly<{
  symbol: string;
  capability: Capability;
  provider: string;
  outcome: 'ok' | RefusalStatus;
  /** Null when it answered. */
  reason: string | null;
  at: Date;
}>;

/** Keeps each as the newest of its symbol, capability and provider; no two of them may be of the same. */
export async function recordFetchAttempts(client: Queryable, attempts: readonly FetchAttemptRow[]): Promise<void> {
  if (attempts.length === 0) return;
  // In the order of the key: two workers that record the same symbols must not lock them crosswise.
  await client.query(
    `INSERT INTO fetch_attempts (symbol, capability, provider, outcome, reason, at)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[]) ORDER BY 1, 2, 3
     ON CONFLICT (symbol, capability, provider) DO UPDATE SET outcome = EXCLUDED.outcome, reason = EXCLUDED.reason, at = EXCLUDED.at
     WHERE fetch_attempts.at <= EXCLUDED.at`,
    [
      attempts.map(({ symbol }) => symbol),
      attempts.map(({ capability }) => capability),
      attempts.map(({ provider }) => provider),
      attempts.map(({ outcome }) => outcome),
      attempts.map(({ reason }) => reason),
      attempts.map(({ at }) => at),
    ],
  );
}

export async function listFetchAttempts(
  client: Queryable,
  capability: Capability,
  symbols: readonly string[],
): Promise<readonly FetchAttemptRow[]> {
  const { rows } = await client.query<FetchAttemptRow>(
    `SELECT symbol, capability, provider, outcome, reason, at FROM fetch_attempts
     WHERE capability = $1 AND symbol = ANY($2) ORDER BY symbol, at, provider`,
    [capability, symbols],
  );
  return rows;
}
