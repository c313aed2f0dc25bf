// Who computes a portfolio now. One statement claims a whole chunk, on the database's clock only.
import type { Queryable } from './client.js';
import type { JobHold } from './job-runs.js';

/** Portfolio → fence. The fence of a claim only grows; a claim is worth nothing once it has moved on. */
export type Claims = ReadonlyMap<string, number>;

/**
 * Takes the portfolios nobody else computes; the ones not returned are being computed elsewhere. A rescued job gets its own back, and a
 * worker that it was taken from gets none.
 */
export async function claimPortfolios(client: Queryable, hold: JobHold, portfolioIds: readonly string[]): Promise<Claims> {
  const { rows } = await client.query<{ portfolio_id: string; fence: number }>(
    `INSERT INTO calculation_claims (portfolio_id, fence, lease_until, job_id)
     SELECT id, 1, clock_timestamp() + make_interval(secs => $3), $2 FROM unnest($1::uuid[]) AS wanted (id)
     WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.id = $2 AND jobs.fence > $4) ORDER BY id
     ON CONFLICT (portfolio_id) DO UPDATE SET fence = calculation_claims.fence + 1, lease_until = EXCLUDED.lease_until, job_id = EXCLUDED.job_id
     WHERE calculation_claims.lease_until < clock_timestamp() OR calculation_claims.job_id = EXCLUDED.job_id
     RETURNING portfolio_id, fence`,
    [portfolioIds, hold.id, hold.leaseMs / 1000, hold.fence],
  );
  return new Map(rows.map(({ portfolio_id: id, fence }) => [id, fence]));
}

/** Proves and extends the claims inside the transaction that writes figures; portfolios lost meanwhile are not returned. */
export async function proveClaims(client: Queryable, hold: JobHold, claims: Claims): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ portfolio_id: string }>(
    `${OWN_CLAIMS} UPDATE calculation_claims SET lease_until = clock_timestamp() + make_interval(secs => $4)
     FROM own WHERE calculation_claims.portfolio_id = own.portfolio_id RETURNING own.portfolio_id`,
    [[...claims.keys()], [...claims.values()], hold.id, hold.leaseMs / 1000],
  );
  return new Set(rows.map(({ portfolio_id: id }) => id));
}

/** Gives the portfolios back; the rows stay, so that their fences go on growing. */
export async function releaseClaims(client: Queryable, hold: JobHold, claims: Claims): Promise<void> {
  await client.query(
    `${OWN_CLAIMS} UPDATE calculation_claims SET lease_until = '-infinity'
     FROM own WHERE calculation_claims.portfolio_id = own.portfolio_id`,
    [[...claims.keys()], [...claims.values()], hold.id],
  );
}

/** Locked in the order of claimPortfolios, so that two jobs with the same portfolios cannot wait for each other. */
const OWN_CLAIMS = `
  WITH own AS (
    SELECT claim.portfolio_id FROM calculation_claims claim
    JOIN unnest($1::uuid[], $2::bigint[]) AS held (id, fence) ON claim.portfolio_id = held.id AND claim.fence = held.fence
    WHERE claim.job_id = $3 ORDER BY claim.portfolio_id FOR UPDATE OF claim)`;

/** The slot of a session that is being computed: it makes an interrupted calculation visible and is never shown as a figure. */
export async function openSlots(
  client: Queryable,
  slots: readonly Readonly<{ portfolioId: string; date: string }>[],
): Promise<void> {
  await client.query(
    `INSERT INTO portfolio_snapshots (portfolio_id, snapshot_date) SELECT * FROM unnest($1::uuid[], $2::date[]) ON CONFLICT DO NOTHING`,
    [slots.map(({ portfolioId }) => portfolioId), slots.map(({ date }) => date)],
  );
}

/** Removes slots that nobody completed for so long; complete snapshots are never touched. */
export async function removeAbandonedSlots(client: Queryable, ageHours: number, portfolioId: string | null): Promise<number> {
  const { rowCount } = await client.query(
    `DELETE FROM portfolio_snapshots WHERE NOT is_complete AND created_at <= clock_timestamp() - make_interval(secs => $1)
       AND ($2::uuid IS NULL OR portfolio_id = $2)
       AND NOT EXISTS (SELECT 1 FROM calculation_claims c WHERE c.portfolio_id = portfolio_snapshots.portfolio_id AND lease_until > clock_timestamp())`,
    [ageHours * 3600, portfolioId],
  );
  return rowCount ?? 0;
}
