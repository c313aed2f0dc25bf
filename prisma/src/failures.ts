// What failed jobs have in common and what they leave behind, for whoever retries them in bulk.
import type { Queryable } from './client.js';

/** Portfolios without complete, current figures for the session that a failed job was to make; at most 20 ids beside the count. */
export type StalePortfolios = Readonly<{ fingerprint: string; kind: string; count: number; portfolio_ids: readonly string[] }>;

export async function listStalePortfolios(
  client: Queryable,
  fingerprints: readonly string[],
): Promise<readonly StalePortfolios[]> {
  const { rows } = await client.query<StalePortfolios>(
    `SELECT fingerprint, kind, count(*)::int AS count, (array_agg(portfolio_id ORDER BY portfolio_id))[1:20] AS portfolio_ids
     FROM (
       SELECT DISTINCT j.error->>'fingerprint' AS fingerprint, j.kind, p.id AS portfolio_id
       FROM jobs j
       CROSS JOIN LATERAL (
         SELECT j.payload->>'portfolioId' AS id UNION SELECT jsonb_array_elements_text(coalesce(j.payload->'portfolioIds', '[]'))) AS named
       JOIN portfolios p ON p.id = named.id::uuid AND p.deleted_at IS NULL
       LEFT JOIN portfolio_snapshots s
         ON s.portfolio_id = p.id AND s.snapshot_date = (j.payload->>'sessionDate')::date AND s.is_complete
       WHERE j.status = 'failed' AND j.error->>'fingerprint' = ANY($1) AND (p.dirty_from IS NOT NULL OR s.portfolio_id IS NULL)) AS stale
     GROUP BY fingerprint, kind`,
    [fingerprints],
  );
  return rows;
}

/** The failed jobs of one cause that a retry can still help, newest first: not the parts of a run that goes on or has succeeded since. */
export async function listFailedJobIds(client: Queryable, fingerprint: string, limit: number): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>(
    `SELECT j.id FROM jobs j JOIN jobs root ON root.id = j.run_id
     WHERE j.status = 'failed' AND j.error->>'fingerprint' = $1 AND root.status IN ('failed', 'partial', 'cancelled')
     ORDER BY j.finished_at DESC, j.id LIMIT $2`,
    [fingerprint, limit],
  );
  return rows.map(({ id }) => id);
}
