// One upload: the file as it came, and what became of it. The worker that reads the file writes the outcome.
import type { PortfolioForm } from '@closebell/shared/contracts/portfolio-form';
import type { RowError } from '@closebell/shared/csv/row-errors';
import type { JobStatus } from '@closebell/shared/jobs';
import type { Db, Queryable } from './client.js';
import { inTransactionOnce, type KeyHold } from './idempotency-keys.js';
import { submitJob, type JobOrigin } from './jobs.js';

export type NewImport = Readonly<{
  userId: string;
  fileName: string;
  file: Uint8Array;
  sha256: Uint8Array;
  /** Kept with the upload, so that the import needs nothing else. */
  request: PortfolioForm;
  /** Who asked for it. */
  origin: JobOrigin;
  keyHold?: KeyHold | null;
}>;

/** An import without its file. */
export type ImportRow = Readonly<{
  id: string;
  user_id: string;
  file_name: string;
  request: PortfolioForm;
  status: JobStatus;
  portfolio_id: string | null;
  rows_total: number | null;
  rows_valid: number | null;
  error_code: string | null;
  error_text: string | null;
  errors: readonly RowError[];
  errors_total: number;
  warnings: readonly string[];
  created_at: Date;
  finished_at: Date | null;
}>;

/** Stores the upload and submits its import in one transaction: neither is ever kept without the other. Once per key, where one is held. */
export async function submitImport(db: Db, upload: NewImport): Promise<Readonly<{ importId: string; jobId: string }>> {
  return inTransactionOnce(db, upload.keyHold ?? null, async (client) => {
    const importId = await insertImport(client, upload);
    const { jobId } = await submitJob(client, 'import-positions', { importId }, upload.origin);
    return { importId, jobId };
  });
}

async function insertImport(client: Queryable, { userId, fileName, file, sha256, request }: NewImport): Promise<string> {
  const { rows } = await client.query<{ id: string }>(
    `INSERT INTO imports (user_id, file_name, file, sha256, request) VALUES ($1, $2, $3, $4, $5) RETURNING id`,
    [userId, fileName, file, sha256, JSON.stringify(request)],
  );
  const row = rows[0];
  if (!row) throw new Error('an inserted import returned no id');
  return row.id;
}

/**
 * Null when there is no such import. Whose it is, the caller checks. An import whose job ended without an outcome (it was cancelled, or
 * its attempts ran out) has ended as its job has.
 */
export async function findImport(client: Queryable, importId: string): Promise<ImportRow | null> {
  const { rows } = await client.query<ImportRow>(FIND_IMPORT, [importId]);
  return rows[0] ?? null;
}

// Import and job were inserted by one transaction, which is how the index on kind and creation finds the job.
const FIND_IMPORT = `
  SELECT i.id, i.user_id, i.file_name, i.request, i.portfolio_id, i.rows_total, i.rows_valid, i.errors, i.errors_total, i.warnings, i.created_at,
    CASE WHEN job.finished_at IS NOT NULL THEN job.status WHEN job.started_at IS NOT NULL THEN 'running' ELSE i.status END AS status,
    coalesce(i.error_code, job.error->>'code') AS error_code, coalesce(i.error_text, job.error->>'message') AS error_text,
    coalesce(i.finished_at, job.finished_at) AS finished_at
  FROM imports i
  LEFT JOIN LATERAL (
    SELECT status, started_at, finished_at, CASE WHEN finished_at IS NOT NULL THEN error END AS error FROM jobs
    WHERE kind = 'import-positions' AND created_at BETWEEN i.created_at - interval '1 second' AND i.created_at + interval '1 second'
      AND payload->>'importId' = i.id::text) AS job ON i.status IN ('queued', 'running')
  WHERE i.id = $1`;
