// A superuser acting as a user, to see what he sees. Whoever does is named in every entry of the audit log.
import { z } from 'zod';
import { endpoint } from './endpoint.js';
import { id, instant } from './fields.js';

const REASON_LENGTH_MAX = 500;

export const impersonate = endpoint({
  method: 'post',
  path: '/admin/impersonate',
  summary:
    "Gives a token to act as a user: 8 hours, without refresh, and for no admin route but stop-impersonation. It ends with the superuser's own login as well",
  tag: 'Admin',
  auth: 'superuser',
  body: z.object({
    target_user_id: id,
    reason: z.string().trim().max(REASON_LENGTH_MAX).optional().describe('kept in the audit log'),
  }),
  responses: {
    200: {
      description: 'The token, to be sent as the bearer token. It is not set as a cookie, so that your own login stays as it is',
      schema: z.object({
        access_token: z.string(),
        token_type: z.literal('bearer'),
        expires_in: z.int().describe('seconds until the token expires'),
        expires_at: instant,
        user: z.object({ id, email: z.string(), full_name: z.string(), is_superuser: z.boolean() }),
      }),
    },
  },
  errors: ['ERR_ADMIN_002', 'ERR_ADMIN_003', 'ERR_ADMIN_006', 'ERR_REQ_001'],
});

export const stopImpersonation = endpoint({
  method: 'post',
  path: '/admin/stop-impersonation',
  summary: 'Ends the impersonation whose token is sent; the superuser goes on with his own',
  tag: 'Admin',
  auth: 'user',
  responses: { 200: { description: 'The token has stopped working', schema: z.object({ message: z.string() }) } },
  errors: ['ERR_ADMIN_004'],
});
