// What private lots are worth a unit by their owner's word, one row per lot and day.
import { groupBy } from '@closebell/shared/grouping';
import type { ManualMark } from '@closebell/shared/ledger/lots';
import type { Queryable } from './client.js';

export type ManualMarkRow = Readonly<{ mark_date: string; price: number; created_at: Date }>;

/** The marks of the lots by position, ascending by date; a lot without any is absent. */
export async function loadManualMarks(
  client: Queryable,
  positionIds: readonly string[],
): Promise<ReadonlyMap<string, readonly ManualMark[]>> {
  if (positionIds.length === 0) return new Map();
  const { rows } = await client.query<ManualMark & { positionId: string }>(
    `SELECT position_id AS "positionId", mark_date AS date, (price * 1000000)::float8 AS "priceE6"
     FROM manual_marks WHERE position_id = ANY($1::uuid[]) ORDER BY position_id, mark_date`,
    [positionIds],
  );
  const byPosition = groupBy(rows, ({ positionId }) => positionId);
  return new Map([...byPosition].map(([id, marks]) => [id, marks.map(({ date, priceE6 }) => ({ date, priceE6 }))]));
}

/** Newest first; only those before `before`, the last of the page before. */
export async function listManualMarks(
  client: Queryable,
  positionId: string,
  { before, limit }: Readonly<{ before?: string | undefined; limit: number }>,
): Promise<readonly ManualMarkRow[]> {
  const { rows } = await client.query<Omit<ManualMarkRow, 'price'> & { price: string }>(
    `SELECT mark_date, price, created_at FROM manual_marks
     WHERE position_id = $1 AND ($2::date IS NULL OR mark_date < $2) ORDER BY mark_date DESC LIMIT $3`,
    [positionId, before ?? null, limit],
  );
  return rows.map((row) => ({ ...row, price: Number(row.price) }));
}

/** In the place of one of the same day. `price`: decimal text. Within a transaction that holds the ledger. */
export async function putManualMark(
  client: Queryable,
  { positionId, date, price }: Readonly<{ positionId: string; date: string; price: string }>,
): Promise<Readonly<{ replaced: boolean; created_at: Date }>> {
  const { rowCount } = await client.query(`DELETE FROM manual_marks WHERE position_id = $1 AND mark_date = $2`, [
    positionId,
    date,
  ]);
  const { rows } = await client.query<{ created_at: Date }>(
    `INSERT INTO manual_marks (position_id, mark_date, price) VALUES ($1, $2, $3) RETURNING created_at`,
    [positionId, date, price],
  );
  return { replaced: rowCount === 1, created_at: rows[0]!.created_at };
}

/** Whether there was one of that day. Within a transaction that holds the ledger. */
export async function deleteManualMark(client: Queryable, positionId: string, date: string): Promise<boolean> {
  const { rowCount } = await client.query(`DELETE FROM manual_marks WHERE position_id = $1 AND mark_date = $2`, [
    positionId,
    date,
  ]);
  return rowCount === 1;
}
