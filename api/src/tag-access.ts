// Whose tag it is, asked before anything else is read or written.
import type { Db } from '@closebell/prisma/client';
import { findTag, findTagOwners, type CountedTag } from '@closebell/prisma/tags';
import { AppError } from '@closebell/shared/errors';

/** Throws ERR_TAG_002, for someone else's too. */
export async function requireReadableTag(db: Db, tagId: string, userId: string): Promise<CountedTag> {
  const tag = await findTag(db.pool, tagId);
  if (tag === null || tag.userId !== userId) throw new AppError('ERR_TAG_002');
  return tag;
}

/** Each of them is there and the user's own. Throws ERR_TAG_002, or ERR_OWNER_001 for someone else's. */
export async function requireWritableTags(db: Db, tagIds: readonly string[], userId: string): Promise<void> {
  const owners = await findTagOwners(db.pool, tagIds);
  for (const tagId of tagIds) {
    const owner = owners.get(tagId.toLowerCase());
    if (owner === undefined) throw new AppError('ERR_TAG_002', { message: `There is no tag ${tagId}.` });
    if (owner !== userId) throw new AppError('ERR_OWNER_001');
  }
}
