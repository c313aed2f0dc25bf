// Which positions have which tags.
import { inTransaction, type Db, type Queryable } from './client.js';
import { inTransactionOnce, type KeyHold } from './idempotency-keys.js';
import type { Tag } from './tags.js';

/** By name. */
export async function listTagsOfPosition(client: Queryable, positionId: string): Promise<readonly Tag[]> {
  const { rows } = await client.query<Tag>(
    `SELECT id, name, color, description, created_at AS "createdAt" FROM position_tags JOIN tags ON tags.id = tag_id
     WHERE position_id = $1 ORDER BY name, id`,
    [positionId],
  );
  return rows;
}

export type PositionTag = Readonly<{ positionId: string; tagId: string; name: string; color: string }>;

/** Of all the positions, by tag name. */
export async function listTagsOfPositions(client: Queryable, positionIds: readonly string[]): Promise<readonly PositionTag[]> {
  const { rows } = await client.query<PositionTag>(
    `SELECT position_id AS "positionId", tag_id AS "tagId", name, color FROM position_tags JOIN tags ON tags.id = tag_id
     WHERE position_id = ANY($1::uuid[]) ORDER BY name, tag_id, position_id`,
    [positionIds],
  );
  return rows;
}

/** Tags that the position has already stay as they are; tags deleted meanwhile are left out. */
export async function addPositionTags(
  db: Db,
  positionId: string,
  tagIds: readonly string[],
  keyHold: KeyHold | null,
): Promise<void> {
  await inTransactionOnce(db, keyHold, async (client) => {
    await lockTagsOf(client, positionId);
    await insertTags(client, positionId, tagIds);
    return true;
  });
}

export async function replacePositionTags(db: Db, positionId: string, tagIds: readonly string[]): Promise<void> {
  await inTransaction(db, async (client) => {
    await lockTagsOf(client, positionId);
    await client.query(`DELETE FROM position_tags WHERE position_id = $1 AND NOT tag_id = ANY($2::uuid[])`, [positionId, tagIds]);
    await insertTags(client, positionId, tagIds);
  });
}

/** Two replacements at once must leave the tags of one of them, not of both. */
async function lockTagsOf(client: Queryable, positionId: string): Promise<void> {
  await client.query(`SELECT 1 FROM positions WHERE id = $1 FOR NO KEY UPDATE`, [positionId]);
}

/** The tags are held, so that none is deleted between the look and the insert. */
async function insertTags(client: Queryable, positionId: string, tagIds: readonly string[]): Promise<void> {
  await client.query(
    `INSERT INTO position_tags (tag_id, position_id)
     SELECT id, $1 FROM tags WHERE id = ANY($2::uuid[]) ORDER BY id FOR KEY SHARE
     ON CONFLICT DO NOTHING`,
    [positionId, tagIds],
  );
}

/** False when the position did not have the tag. */
export async function removePositionTag(client: Queryable, positionId: string, tagId: string): Promise<boolean> {
  const { rowCount } = await client.query(`DELETE FROM position_tags WHERE position_id = $1 AND tag_id = $2`, [
    positionId,
    tagId,
  ]);
  return rowCount !== 0;
}

export type TaggedPosition = Readonly<{
  id: string;
  portfolioId: string;
  symbol: string;
  investmentClass: string;
  quantity: number;
  entryPrice: number;
  entryDate: string;
  exitDate: string | null;
  taggedAt: Date;
}>;

/** By symbol; those after the position `after`. Whose the tag is, the caller checks. */
export async function listTaggedPositions(
  client: Queryable,
  tagId: string,
  { after, limit }: Readonly<{ after?: string | undefined; limit: number }>,
): Promise<readonly TaggedPosition[]> {
  const { rows } = await client.query<TaggedPosition>(
    `SELECT lot.id, portfolio_id AS "portfolioId", lot.symbol, investment_class AS "investmentClass", quantity::float8 AS quantity,
       entry_price::float8 AS "entryPrice", entry_date AS "entryDate", exit_date AS "exitDate", tagged_at AS "taggedAt"
     FROM position_tags JOIN positions lot ON lot.id = position_id AND lot.deleted_at IS NULL
       JOIN portfolios ON portfolios.id = portfolio_id AND portfolios.deleted_at IS NULL
     WHERE tag_id = $1
       AND ($2::uuid IS NULL OR (lot.symbol, lot.id) > (SELECT last.symbol, last.id FROM positions last WHERE last.id = $2))
     ORDER BY lot.symbol, lot.id LIMIT $3`,
    [tagId, after ?? null, limit],
  );
  return rows;
}
