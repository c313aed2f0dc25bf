import {
  addPositionTags as addTags,
  listTaggedPositions,
  listTagsOfPosition,
  removePositionTag as removeTag,
  replacePositionTags as replaceTags,
  type TaggedPosition,
} from '@closebell/prisma/position-tags';
import {
  createTag as create,
  deleteTag as remove,
  listTags as listStored,
  updateTag as update,
  type CountedTag,
  type Tag,
} from '@closebell/prisma/tags';
import {
  addPositionTags,
  createTag,
  deleteTag,
  getTag,
  listPositionTags,
  listTagPositions,
  listTags,
  removePositionTag,
  replacePositionTags,
  TAGS_MAX,
  updateTag,
} from '@closebell/shared/contracts/tags';
import { AppError } from '@closebell/shared/errors';
import type { Router } from 'express';
import type { ApiContext } from '../context.js';
import { cutPage } from '../page.js';
import { requireReadablePosition, requireWritablePosition } from '../position-access.js';
import { route } from '../route.js';
import { requireReadableTag, requireWritableTags } from '../tag-access.js';

export function tagRoutes(router: Router, context: ApiContext): void {
  tagReads(router, context);
  tagWrites(router, context);
  positionTagRoutes(router, context);
}

function tagReads(router: Router, context: ApiContext): void {
  const { db } = context;

  route(router, context, listTags, async ({ principal }) => {
    const tags = await listStored(db.pool, principal.userId);
    return { status: 200, body: { tags: tags.map(viewCountedTag), total_count: tags.length } };
  });

  route(router, context, getTag, async ({ params, principal }) => ({
    status: 200,
    body: viewCountedTag(await requireReadableTag(db, params.id, principal.userId)),
  }));

  route(router, context, listTagPositions, async ({ params, query: { limit, cursor }, principal }) => {
    const tag = await requireReadableTag(db, params.id, principal.userId);
    const rows = await listTaggedPositions(db.pool, tag.id, { after: cursor, limit: limit + 1 });
    const { page, nextCursor } = cutPage(rows, limit, ({ id }) => id);
    return { status: 200, body: { tag_id: tag.id, positions: page.map(viewTaggedPosition), next_cursor: nextCursor } };
  });
}

function tagWrites(router: Router, context: ApiContext): void {
  const { db } = context;

  route(router, context, createTag, async ({ body, principal: { userId }, keyHold }) => {
    const made = await create(db, { ...body, userId, tagsMax: TAGS_MAX, keyHold });
    if (made === 'taken') throw new AppError('ERR_TAG_001');
    if (made === 'full') throw new AppError('ERR_TAG_003');
    return { status: 201, body: viewCountedTag(await requireReadableTag(db, made.id, userId)) };
  });

  route(router, context, updateTag, async ({ params, body: { name, color, description }, principal: { userId } }) => {
    await requireWritableTags(db, [params.id], userId);
    const outcome = await update(db, params.id, {
      ...(name === undefined ? {} : { name }),
      ...(color === undefined ? {} : { color }),
      ...(description === undefined ? {} : { description }),
    });
    if (outcome === 'taken') throw new AppError('ERR_TAG_001');
    return { status: 200, body: viewCountedTag(await requireReadableTag(db, params.id, userId)) };
  });

  route(router, context, deleteTag, async ({ params, principal }) => {
    await requireWritableTags(db, [params.id], principal.userId);
    await remove(db.pool, params.id);
    return { status: 204 };
  });
}

function positionTagRoutes(router: Router, context: ApiContext): void {
  const { db } = context;
  const showTags = async (positionId: string) => {
    const tags = await listTagsOfPosition(db.pool, positionId);
    return { status: 200, body: { position_id: positionId, tags: tags.map(viewTag) } };
  };

  route(router, context, listPositionTags, async ({ params, principal }) => {
    const { positionId } = await requireReadablePosition(db, params.id, principal.userId);
    return showTags(positionId);
  });

  route(router, context, addPositionTags, async ({ params, body, principal: { userId }, keyHold }) => {
    const { positionId } = await requireWritablePosition(db, params.id, userId);
    await requireWritableTags(db, body.tag_ids, userId);
    await addTags(db, positionId, body.tag_ids, keyHold);
    return showTags(positionId);
  });

  route(router, context, replacePositionTags, async ({ params, body, principal: { userId } }) => {
    const { positionId } = await requireWritablePosition(db, params.id, userId);
    await requireWritableTags(db, body.tag_ids, userId);
    await replaceTags(db, positionId, body.tag_ids);
    return showTags(positionId);
  });

  route(router, context, removePositionTag, async ({ params, principal: { userId } }) => {
    const { positionId } = await requireWritablePosition(db, params.id, userId);
    await requireWritableTags(db, [params.tag_id], userId);
    if (await removeTag(db.pool, positionId, params.tag_id)) return { status: 204 };
    throw new AppError('ERR_TAG_002', { message: 'The position does not have this tag.' });
  });
}

function viewTag({ id, name, color, description, createdAt }: Tag) {
  return { id, name, color, description, created_at: createdAt.toISOString() };
}

function viewCountedTag(tag: CountedTag) {
  return { ...viewTag(tag), position_count: tag.positionCount };
}

function viewTaggedPosition(position: TaggedPosition) {
  return {
    id: position.id,
    portfolio_id: position.portfolioId,
    symbol: position.symbol,
    investment_class: position.investmentClass,
    quantity: position.quantity,
    entry_price: position.entryPrice,
    entry_date: position.entryDate,
    exit_date: position.exitDate,
    tagged_at: position.taggedAt.toISOString(),
  };
}
