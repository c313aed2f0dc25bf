// Tags: a user's own words for positions. Which positions have them is in position-tags.ts.
import type { Db, Queryable } from './client.js';
import { inTransactionOnce, type KeyHold } from './idempotency-keys.js';
import type { PrismaDb } from './prisma-client.js';
import { violatedUnique } from './unique-violation.js';

export type Tag = Readonly<{ id: string; name: string; color: string; description: string | null; createdAt: Date }>;

export type CountedTag = Tag &
  Readonly<{
    userId: string;
    /** Lots that have it, closed ones included. */
    positionCount: number;
  }>;

const COLUMNS = `tags.id, tags.user_id AS "userId", tags.name, color, tags.description, tags.created_at AS "createdAt",
  count(portfolios.id) AS "positionCount"`;

const TAGGED = `tags LEFT JOIN position_tags ON tag_id = tags.id
  LEFT JOIN positions lot ON lot.id = position_id AND lot.deleted_at IS NULL
  LEFT JOIN portfolios ON portfolios.id = portfolio_id AND portfolios.deleted_at IS NULL`;

/** By name. */
export async function listTags(client: Queryable, userId: string): Promise<readonly CountedTag[]> {
  const { rows } = await client.query<CountedTag>(
    `SELECT ${COLUMNS} FROM ${TAGGED} WHERE tags.user_id = $1 GROUP BY tags.id ORDER BY tags.name, tags.id`,
    [userId],
  );
  return rows;
}

/** Whose it is, the caller checks. */
export async function findTag(client: Queryable, tagId: string): Promise<CountedTag | null> {
  const { rows } = await client.query<CountedTag>(`SELECT ${COLUMNS} FROM ${TAGGED} WHERE tags.id = $1 GROUP BY tags.id`, [
    tagId,
  ]);
  return rows[0] ?? null;
}

/** Of those of the tags that there are: whose they are. */
export async function findTagOwners(client: Queryable, tagIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { rows } = await client.query<{ id: string; userId: string }>(
    `SELECT id, user_id AS "userId" FROM tags WHERE id = ANY($1::uuid[])`,
    [tagIds],
  );
  return new Map(rows.map(({ id, userId }) => [id, userId]));
}

export type TagFields = Pick<Tag, 'name' | 'color' | 'description'>;
export type NewTag = TagFields & Readonly<{ userId: string; tagsMax: number; keyHold: KeyHold | null }>;

/** 'taken' when the user has a tag of this name, 'full' when no more fit. */
export async function createTag(
  db: Db,
  { userId, name, color, description, tagsMax, keyHold }: NewTag,
): Promise<Readonly<{ id: string }> | 'taken' | 'full'> {
  return inTransactionOnce(db, keyHold, async (client) => {
    // One at a time: two that each find room for one more must not both take it.
    await client.query(`SELECT 1 FROM users WHERE id = $1 FOR NO KEY UPDATE`, [userId]);
    const { rows } = await client.query<{ count: number; isTaken: boolean | null }>(
      `SELECT count(*) AS count, bool_or(name = $2::citext) AS "isTaken" FROM tags WHERE user_id = $1`,
      [userId, name],
    );
    if (rows[0]?.isTaken === true) return 'taken';
    if ((rows[0]?.count ?? 0) >= tagsMax) return 'full';
    const made = await client.query<{ id: string }>(
      `INSERT INTO tags (user_id, name, color, description) VALUES ($1, $2, $3, $4) RETURNING id`,
      [userId, name, color, description],
    );
    return made.rows[0]!;
  });
}

/** 'taken' when another tag of the user has the name, 'gone' when the tag was deleted meanwhile. */
export async function updateTag(
  { prisma }: PrismaDb,
  tagId: string,
  fields: Partial<TagFields>,
): Promise<'changed' | 'taken' | 'gone'> {
  try {
    const { count } = await prisma.tag.updateMany({ where: { id: tagId }, data: fields });
    return count === 0 ? 'gone' : 'changed';
  } catch (cause) {
    if (violatedUnique(cause) !== null) return 'taken';
    throw cause;
  }
}

/** Takes it off every position as well. */
export async function deleteTag(client: Queryable, tagId: string): Promise<void> {
  await client.query(`DELETE FROM tags WHERE id = $1`, [tagId]);
}
