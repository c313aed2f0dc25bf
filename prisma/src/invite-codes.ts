// Invite codes: who may register, beside the code of the configuration. The column is citext; a code counts whatever its case. Real time decides.
import { AppError } from '@closebell/shared/errors';
import type { Queryable } from './client.js';

/** Of several the first in this order: a revoked code that has expired is revoked. */
export type InviteState = 'revoked' | 'expired' | 'used_up' | 'active';

export type InviteCodeRow = Readonly<{
  id: string;
  code: string;
  cohort: string | null;
  uses: number;
  /** Null: any number. */
  uses_max: number | null;
  state: InviteState;
  expires_at: Date | null;
  revoked_at: Date | null;
  created_by: string | null;
  created_at: Date;
}>;

/** What an admin may change about a code. */
export type InviteTerms = Readonly<{ cohort: string | null; usesMax: number | null; expiresAt: Date | null }>;

const COLUMNS = `id, code, cohort, uses, uses_max, expires_at, revoked_at, created_by, created_at,
  CASE WHEN revoked_at IS NOT NULL THEN 'revoked' WHEN expires_at <= clock_timestamp() THEN 'expired'
    WHEN uses >= uses_max THEN 'used_up' ELSE 'active' END AS state`;

/** A condition on invite_codes: one more account may be made with it. */
export const IS_USABLE = `revoked_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp()) AND (uses_max IS NULL OR uses < uses_max)`;

/** Counts nothing: createInvitedUser (users.ts) does, and has the last word. */
export async function isUsableCode(client: Queryable, code: string): Promise<boolean> {
  const { rowCount } = await client.query(`SELECT 1 FROM invite_codes WHERE code = $1 AND ${IS_USABLE}`, [code]);
  return rowCount !== 0;
}

/** Throws ERR_INVITE_003 when there is such a code, whatever became of it. */
export async function insertInviteCode(
  client: Queryable,
  { code, createdBy, cohort, usesMax, expiresAt }: InviteTerms & Readonly<{ code: string; createdBy: string }>,
): Promise<InviteCodeRow> {
  const { rows } = await client.query<InviteCodeRow>(
    `INSERT INTO invite_codes (code, created_by, cohort, uses_max, expires_at) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (code) DO NOTHING RETURNING ${COLUMNS}`,
    [code, createdBy, cohort, usesMax, expiresAt],
  );
  if (rows[0] === undefined) throw new AppError('ERR_INVITE_003');
  return rows[0];
}

/** Newest first; `before` is the id of the last code of the page before. */
export async function listInviteCodes(
  client: Queryable,
  { before, limit }: Readonly<{ before?: string | undefined; limit: number }>,
): Promise<readonly InviteCodeRow[]> {
  const { rows } = await client.query<InviteCodeRow>(
    `SELECT ${COLUMNS} FROM invite_codes
     WHERE $1::uuid IS NULL OR (created_at, id) < (SELECT created_at, id FROM invite_codes WHERE id = $1)
     ORDER BY created_at DESC, id DESC LIMIT $2`,
    [before ?? null, limit],
  );
  return rows;
}

/** In a transaction. Throws ERR_INVITE_002, or ERR_INVITE_004 when more accounts were made with it than it would allow. */
export async function changeInviteCode(client: Queryable, id: string, changes: Partial<InviteTerms>): Promise<InviteCodeRow> {
  const found = await client.query<InviteCodeRow>(`SELECT ${COLUMNS} FROM invite_codes WHERE id = $1 FOR UPDATE`, [id]);
  const [known] = found.rows;
  if (known === undefined) throw new AppError('ERR_INVITE_002');
  const terms = { cohort: known.cohort, usesMax: known.uses_max, expiresAt: known.expires_at, ...changes };
  if (terms.usesMax !== null && terms.usesMax < known.uses)
    throw new AppError('ERR_INVITE_004', { details: { uses: known.uses } });
  const { rows } = await client.query<InviteCodeRow>(
    `UPDATE invite_codes SET cohort = $2, uses_max = $3, expires_at = $4 WHERE id = $1 RETURNING ${COLUMNS}`,
    [id, terms.cohort, terms.usesMax, terms.expiresAt],
  );
  return rows[0]!;
}

/** For good; again changes nothing. Throws ERR_INVITE_002. */
export async function revokeInviteCode(client: Queryable, id: string): Promise<InviteCodeRow> {
  const { rows } = await client.query<InviteCodeRow>(
    `UPDATE invite_codes SET revoked_at = coalesce(revoked_at, clock_timestamp()) WHERE id = $1 RETURNING ${COLUMNS}`,
    [id],
  );
  if (rows[0] === undefined) throw new AppError('ERR_INVITE_002');
  return rows[0];
}
