// Accounts as superusers see and change them.
import { z } from 'zod';
import { endpoint } from './endpoint.js';
import { id, idParams, instant, pageLimit } from './fields.js';
import { EMAIL_LENGTH_MAX } from './registration.js';

const USERS_PAGE_MAX = 200;
const OFFSET_MAX = 1_000_000;

const user = z.object({
  id,
  email: z.string(),
  full_name: z.string(),
  is_active: z.boolean(),
  is_superuser: z.boolean(),
  has_portfolio: z.boolean(),
  is_demo: z.boolean(),
  invite_cohort: z.string().nullable().describe('of the invite code that the account was made with'),
  created_at: instant,
});

export const listUsers = endpoint({
  method: 'get',
  path: '/admin/users',
  summary: 'All accounts, newest first',
  tag: 'Admin',
  auth: 'superuser',
  query: z.object({
    email: z.string().trim().min(1).max(EMAIL_LENGTH_MAX).optional().describe('a part of the address, whatever its case'),
    limit: pageLimit(USERS_PAGE_MAX, 50),
    offset: z.coerce.number().int().min(0).max(OFFSET_MAX).default(0),
  }),
  responses: {
    200: {
      description: 'One page, and the number of all accounts that match',
      schema: z.object({ users: z.array(user), total: z.int() }),
    },
  },
  errors: ['ERR_REQ_001'],
});

export const changeUser = endpoint({
  method: 'put',
  path: '/admin/users/:id',
  summary:
    'Activates, deactivates, promotes or demotes an account. A change ends its logins at once; nobody can take away his own rights',
  tag: 'Admin',
  auth: 'superuser',
  params: idParams,
  body: z
    .object({ is_active: z.boolean().optional(), is_superuser: z.boolean().optional() })
    .refine((given) => given.is_active !== undefined || given.is_superuser !== undefined, 'Give is_active, is_superuser or both'),
  responses: { 200: { description: 'The account as it is now', schema: user } },
  errors: ['ERR_ADMIN_002', 'ERR_ADMIN_005', 'ERR_REQ_001'],
});
