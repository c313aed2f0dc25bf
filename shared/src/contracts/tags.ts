// Tags: a user's own words for positions, each position having any number of them. They move no figure.
import { z } from 'zod';
import { endpoint } from './endpoint.js';
import { date, id, idParams, instant, money, pageLimit } from './fields.js';

export const TAGS_MAX = 100;
const NAME_CHARACTERS_MAX = 50;
const DESCRIPTION_CHARACTERS_MAX = 500;
const PAGE_MAX = 500;
const NO_COLOR = '#808080';

const name = z
  .string()
  .normalize('NFC')
  .trim()
  .min(1, 'must not be empty')
  .max(NAME_CHARACTERS_MAX, `must have at most ${NAME_CHARACTERS_MAX} characters`)
  .regex(/^\P{Cc}*$/u, 'must not have control characters')
  .describe('unique among your tags; upper and lower case are the same');
const color = z.string().regex(/^#[0-9a-fA-F]{6}$/, 'must look like #1f77b4');
const description = z
  .string()
  .trim()
  .max(DESCRIPTION_CHARACTERS_MAX, `must have at most ${DESCRIPTION_CHARACTERS_MAX} characters`)
  .transform((text) => (text === '' ? null : text));

const tag = z.object({ id, name: z.string(), color: z.string(), description: z.string().nullable(), created_at: instant });
const countedTag = tag.extend({ position_count: z.int().describe('lots that have it, closed ones included') });

export const listTags = endpoint({
  method: 'get',
  path: '/tags',
  summary: 'Your tags',
  tag: 'Tags',
  auth: 'user',
  responses: {
    200: {
      description: `By name; at most ${TAGS_MAX}`,
      schema: z.object({ tags: z.array(countedTag), total_count: z.int() }),
    },
  },
  errors: [],
});

export const createTag = endpoint({
  method: 'post',
  path: '/tags',
  summary: `Makes a tag; you may have ${TAGS_MAX}`,
  tag: 'Tags',
  auth: 'user',
  idempotent: true,
  body: z.object({ name, color: color.default(NO_COLOR), description: description.nullable().default(null) }),
  responses: { 201: { description: 'The tag', schema: countedTag } },
  errors: ['ERR_TAG_001', 'ERR_TAG_003', 'ERR_REQ_001'],
});

export const getTag = endpoint({
  method: 'get',
  path: '/tags/:id',
  summary: 'One tag',
  tag: 'Tags',
  auth: 'user',
  params: idParams,
  responses: { 200: { description: 'The tag', schema: countedTag } },
  errors: ['ERR_TAG_002', 'ERR_REQ_001'],
});

export const updateTag = endpoint({
  method: 'put',
  path: '/tags/:id',
  summary: 'Changes the fields given of a tag; positions keep it',
  tag: 'Tags',
  auth: 'user',
  params: idParams,
  body: z
    .object({ name: name.optional(), color: color.optional(), description: description.nullable().optional() })
    .refine((body) => Object.values(body).some((value) => value !== undefined), 'must change name, color or description'),
  responses: { 200: { description: 'The tag as it is now', schema: countedTag } },
  errors: ['ERR_TAG_001', 'ERR_TAG_002', 'ERR_OWNER_001', 'ERR_REQ_001'],
});

export const deleteTag = endpoint({
  method: 'delete',
  path: '/tags/:id',
  summary: 'Deletes a tag and takes it off every position',
  tag: 'Tags',
  auth: 'user',
  params: idParams,
  responses: { 204: { description: 'The tag is gone' } },
  errors: ['ERR_TAG_002', 'ERR_OWNER_001', 'ERR_REQ_001'],
});

const taggedPosition = z.object({
  id,
  portfolio_id: id,
  symbol: z.string(),
  investment_class: z.string(),
  quantity: z.number().describe('as entered; negative for a short'),
  entry_price: money,
  entry_date: date,
  exit_date: date.nullable(),
  tagged_at: instant,
});

export const listTagPositions = endpoint({
  method: 'get',
  path: '/tags/:id/positions',
  summary: 'The positions that have a tag, in all your portfolios',
  tag: 'Tags',
  auth: 'user',
  params: idParams,
  query: z.object({
    limit: pageLimit(PAGE_MAX, PAGE_MAX),
    cursor: id.optional().describe('next_cursor of the page before'),
  }),
  responses: {
    200: {
      description: 'One page by symbol, closed lots included; next_cursor is null at the end',
      schema: z.object({ tag_id: id, positions: z.array(taggedPosition), next_cursor: id.nullable() }),
    },
  },
  errors: ['ERR_TAG_002', 'ERR_REQ_001'],
});

const tagsOfPosition = z.object({ position_id: id, tags: z.array(tag).describe('by name') });
const WRITE_ERRORS = ['ERR_POSITION_404', 'ERR_TAG_002', 'ERR_OWNER_001', 'ERR_REQ_001'] as const;

export const listPositionTags = endpoint({
  method: 'get',
  path: '/positions/:id/tags',
  summary: 'The tags of a position',
  tag: 'Tags',
  auth: 'user',
  params: idParams,
  responses: { 200: { description: 'The tags', schema: tagsOfPosition } },
  errors: ['ERR_POSITION_404', 'ERR_REQ_001'],
});

export const addPositionTags = endpoint({
  method: 'post',
  path: '/positions/:id/tags',
  summary: 'Gives a position more tags; those it has already stay',
  tag: 'Tags',
  auth: 'user',
  idempotent: true,
  params: idParams,
  body: z.object({ tag_ids: z.array(id).min(1).max(TAGS_MAX) }),
  responses: { 200: { description: 'All tags of the position', schema: tagsOfPosition } },
  errors: WRITE_ERRORS,
});

export const replacePositionTags = endpoint({
  method: 'put',
  path: '/positions/:id/tags',
  summary: 'Gives a position these tags and no others; an empty list takes all off',
  tag: 'Tags',
  auth: 'user',
  params: idParams,
  body: z.object({ tag_ids: z.array(id).max(TAGS_MAX) }),
  responses: { 200: { description: 'All tags of the position', schema: tagsOfPosition } },
  errors: WRITE_ERRORS,
});

export const removePositionTag = endpoint({
  method: 'delete',
  path: '/positions/:id/tags/:tag_id',
  summary: 'Takes a tag off a position',
  tag: 'Tags',
  auth: 'user',
  params: idParams.extend({ tag_id: id }),
  responses: { 204: { description: 'The position does not have the tag any more' } },
  errors: WRITE_ERRORS,
});
