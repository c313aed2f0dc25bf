// Accounts and logins.
import { z } from 'zod';
import { endpoint } from './endpoint.js';
import { id, instant } from './fields.js';
import { EMAIL_LENGTH_MAX, FULL_NAME_LENGTH_MAX, PASSWORD_LENGTH_MAX } from './registration.js';

const user = z.object({ id, email: z.string(), full_name: z.string(), is_superuser: z.boolean() });

const login = z.object({
  access_token: z.string(),
  refresh_token: z.string(),
  token_type: z.literal('bearer'),
  expires_in: z.int().describe('seconds until the access token expires'),
  user,
});

/** A missing field is an empty one: each has an error code of its own (registration.ts). */
const text = (lengthMax: number) => z.string().max(lengthMax).default('');

export const register = endpoint({
  method: 'post',
  path: '/onboarding/register',
  summary: 'Makes an account. The only way in, and it takes an invite code',
  tag: 'Accounts',
  auth: 'public',
  limit: 'registration',
  body: z.object({
    email: text(1_000).describe('name@example.com, unique whatever its case'),
    password: text(PASSWORD_LENGTH_MAX).describe(
      'at least 8 characters with an upper-case letter, a lower-case letter and a digit',
    ),
    full_name: text(FULL_NAME_LENGTH_MAX),
    invite_code: text(200).describe('case and surrounding blanks do not count'),
  }),
  responses: {
    201: {
      description: 'The account; log in with it next',
      schema: z.object({ user_id: id, email: z.string(), full_name: z.string(), message: z.string(), next_step: z.string() }),
    },
  },
  errors: ['ERR_INVITE_001', 'ERR_USER_001', 'ERR_USER_002', 'ERR_USER_003', 'ERR_USER_004', 'ERR_REQ_001'],
});

export const logIn = endpoint({
  method: 'post',
  path: '/auth/login',
  summary: 'Trades e-mail address and password for tokens, which are set as cookies as well',
  tag: 'Accounts',
  auth: 'public',
  body: z.object({ email: z.string().trim().max(EMAIL_LENGTH_MAX), password: z.string().max(PASSWORD_LENGTH_MAX) }),
  responses: { 200: { description: 'The tokens', schema: login } },
  errors: ['ERR_AUTH_001', 'ERR_REQ_001'],
});

export const refresh = endpoint({
  method: 'post',
  path: '/auth/refresh',
  summary: 'Trades a refresh token, from the body or its cookie, for new tokens. Each works once: a second use ends the login',
  tag: 'Accounts',
  auth: 'public',
  body: z.object({ refresh_token: z.string().max(500).optional() }),
  responses: { 200: { description: 'The new tokens', schema: login } },
  errors: ['ERR_AUTH_001', 'ERR_AUTH_002', 'ERR_AUTH_003', 'ERR_AUTH_004', 'ERR_REQ_001'],
});

export const logOut = endpoint({
  method: 'post',
  path: '/auth/logout',
  summary: 'Ends the login: its tokens stop working at once, and its cookies are cleared. Needs no valid access token',
  tag: 'Accounts',
  auth: 'public',
  body: z.object({ refresh_token: z.string().max(500).optional() }),
  responses: { 200: { description: 'Logged out', schema: z.object({ message: z.string() }) } },
  errors: ['ERR_AUTH_004', 'ERR_REQ_001'],
});

export const me = endpoint({
  method: 'get',
  path: '/auth/me',
  summary: 'Whose credentials these are',
  tag: 'Accounts',
  auth: 'user',
  responses: {
    200: {
      description: 'The user',
      schema: z.object({
        id,
        email: z.string(),
        full_name: z.string(),
        is_active: z.boolean(),
        is_superuser: z.boolean(),
        created_at: instant,
        impersonator: z.object({ id, email: z.string() }).optional().describe('the superuser who acts as this user'),
      }),
    },
  },
  errors: [],
});
