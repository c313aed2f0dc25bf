// Who may ask: the eight kinds of callers, and what each must be answered by rule.
import type { Endpoint } from '@closebell/shared/contracts/endpoint';
import { ERRORS, type ErrorCode } from '@closebell/shared/errors';
import { randomUUID } from 'node:crypto';
import { keyOf } from './requests.js';
import type { Person, Site } from './site.js';

export const CALLERS = [
  'nobody',
  'owner',
  'another user',
  'impersonating superuser',
  'superuser',
  'expired token',
  'revoked login',
  'cookie without CSRF header',
] as const;
export type Caller = (typeof CALLERS)[number];

/** 'good': one of the endpoint's own replies. */
export type Expected = 'good' | readonly ErrorCode[];

export type Cast = Readonly<{
  owner: Person;
  other: Person;
  superuser: Person;
  revoked: Person;
  /** The superuser's token as the owner. */
  impersonation: string;
}>;

export async function credentialsOf(
  site: Site,
  { owner, other, superuser, revoked, impersonation }: Cast,
  caller: Caller,
  { auth }: Pick<Endpoint, 'auth'>,
): Promise<Readonly<Record<string, string>>> {
  const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
  switch (caller) {
    case 'nobody':
      return {};
    case 'owner':
      return owner.headers;
    case 'another user':
      return other.headers;
    case 'impersonating superuser':
      return bearer(impersonation);
    case 'superuser':
      return superuser.headers;
    case 'expired token':
      return bearer(await site.expiredTokenOf(auth === 'superuser' ? superuser : owner));
    case 'revoked login':
      return revoked.headers;
    case 'cookie without CSRF header': {
      const { accessToken } = auth === 'superuser' ? superuser : owner;
      return { Cookie: `auth_token=${accessToken}; csrf_token=${randomUUID()}` };
    }
  }
}

/** `isOwned`: the request names records of the owner. */
export function expectedOf(definition: Endpoint, caller: Caller, isOwned: boolean): Expected {
  return EXCEPTIONS[keyOf(definition)]?.[caller] ?? byRule(definition, caller, isOwned);
}

function byRule({ auth, method }: Endpoint, caller: Caller, isOwned: boolean): Expected {
  if (auth === 'public') return 'good';
  const refusal: Expected = method === 'get' ? NOT_FOUND : ['ERR_OWNER_001'];
  const stranger = isOwned ? refusal : 'good';
  switch (caller) {
    case 'nobody':
      return ['ERR_AUTH_001'];
    case 'expired token':
      return ['ERR_AUTH_002'];
    case 'revoked login':
      return ['ERR_AUTH_003'];
    case 'cookie without CSRF header':
      return method === 'get' ? 'good' : ['ERR_AUTH_004'];
    case 'superuser':
      return auth === 'superuser' ? 'good' : stranger;
    case 'another user':
      return auth === 'superuser' ? ['ERR_ADMIN_001'] : stranger;
    case 'owner':
    case 'impersonating superuser':
      return auth === 'superuser' ? ['ERR_ADMIN_001'] : 'good';
  }
}

/** Every way in which an answer says that there is no such thing. */
export const NOT_FOUND = (Object.keys(ERRORS) as ErrorCode[]).filter(
  (code) => ERRORS[code].status === 404 && code !== 'ERR_REQ_404',
);

const EXCEPTIONS: Readonly<Record<string, Partial<Readonly<Record<Caller, Expected>>>>> = {
  // By cookie it is a write like any other, though it needs no valid login.
  'post /auth/logout': { 'cookie without CSRF header': ['ERR_AUTH_004'] },
  // A superuser sees how every job stands, not what it made.
  'get /system/jobs/:id': { superuser: 'good' },
  'post /admin/stop-impersonation': {
    owner: ['ERR_ADMIN_004'],
    'another user': ['ERR_ADMIN_004'],
    superuser: ['ERR_ADMIN_004'],
  },
};
