// Invite codes that superusers hand out.
import { z } from 'zod';
import { endpoint } from './endpoint.js';
import { id, idParams, instant, pageLimit } from './fields.js';

const INVITES_PAGE_MAX = 200;
const USES_MAX = 1_000_000;
/** What a code of one's own may look like: what can be told on the phone and typed anywhere. */
const CODE = /^[A-Za-z0-9_-]{6,64}$/;

const invite = z.object({
  id,
  code: z.string(),
  cohort: z.string().nullable(),
  uses: z.int().describe('accounts made with it'),
  uses_max: z.int().nullable().describe('null: any number'),
  uses_left: z.int().nullable().describe('null: any number'),
  state: z.enum(['active', 'used_up', 'expired', 'revoked']),
  expires_at: instant.nullable(),
  revoked_at: instant.nullable(),
  created_by: id.nullable(),
  created_at: instant,
});

const terms = {
  cohort: z.string().trim().min(1).max(100).nullable().optional().describe('a name for the people who get the code'),
  uses_max: z.int().min(1).max(USES_MAX).nullable().optional().describe('accounts that can be made with it; null: any number'),
  expires_at: instant.nullable().optional().describe('null: never'),
};

export const createInviteCode = endpoint({
  method: 'post',
  path: '/admin/invite-codes',
  summary: 'Makes an invite code',
  tag: 'Admin',
  auth: 'superuser',
  idempotent: true,
  body: z.object({
    code: z
      .string()
      .trim()
      .regex(CODE, 'Must be 6 to 64 letters, digits, "-" and "_"')
      .optional()
      .describe('left out: one that cannot be guessed. Case does not count'),
    ...terms,
  }),
  responses: { 201: { description: 'The code', schema: invite } },
  errors: ['ERR_INVITE_003', 'ERR_REQ_001'],
});

export const listInviteCodes = endpoint({
  method: 'get',
  path: '/admin/invite-codes',
  summary: 'All invite codes, newest first, with what became of them',
  tag: 'Admin',
  auth: 'superuser',
  query: z.object({
    cursor: id.optional().describe('next_cursor of the page before'),
    limit: pageLimit(INVITES_PAGE_MAX, 50),
  }),
  responses: {
    200: {
      description: 'One page; next_cursor is null at the end',
      schema: z.object({ invite_codes: z.array(invite), next_cursor: id.nullable() }),
    },
  },
  errors: ['ERR_REQ_001'],
});

export const changeInviteCode = endpoint({
  method: 'put',
  path: '/admin/invite-codes/:id',
  summary: 'Changes the terms of an invite code: what is left out stays. A revoked code stays revoked',
  tag: 'Admin',
  auth: 'superuser',
  params: idParams,
  body: z.object(terms),
  responses: { 200: { description: 'The code as it is now', schema: invite } },
  errors: ['ERR_INVITE_002', 'ERR_INVITE_004', 'ERR_REQ_001'],
});

export const revokeInviteCode = endpoint({
  method: 'delete',
  path: '/admin/invite-codes/:id',
  summary: 'Revokes an invite code for good. It stays in the list, and accounts made with it stay as they are',
  tag: 'Admin',
  auth: 'superuser',
  params: idParams,
  responses: { 200: { description: 'The code as it is now', schema: invite } },
  errors: ['ERR_INVITE_002', 'ERR_REQ_001'],
});
