import { beginTokenFamily, revokeFamily, revokeFamilyOfToken, rotateToken } from '@closebell/prisma/refresh-tokens';
import { createInvitedUser, createUser, type UserRow } from '@closebell/prisma/users';
import { logIn, logOut, me, refresh, register } from '@closebell/shared/contracts/auth';
import { checkRegistration, type Registration } from '@closebell/shared/contracts/registration';
import { AppError } from '@closebell/shared/errors';
import { dnsUuid5 } from '@closebell/shared/infra/name-uuid';
import type { Request, Response, Router } from 'express';
import { AUTH_COOKIE, clearLoginCookies, cookieOf, REFRESH_COOKIE, setLoginCookies } from '../auth/cookies.js';
import { requireCsrf } from '../auth/csrf.js';
import { endImpersonation } from '../auth/impersonation.js';
import { findInvite, type Invite } from '../auth/invite-codes.js';
import { logIn as checkLogin } from '../auth/login.js';
import { hashPassword } from '../auth/passwords.js';
import { hashRefreshToken, newRefreshToken } from '../auth/refresh-token.js';
import { signAccessToken, verifyAccessToken } from '../auth/tokens.js';
import type { ApiContext } from '../context.js';
import { addressOf, spendAll } from '../middleware/rate-limit.js';
import { route, type Reply } from '../route.js';

export function authRoutes(router: Router, context: ApiContext): void {
  accountRoutes(router, context);
  loginRoutes(router, context);
}

function accountRoutes(router: Router, context: ApiContext): void {
  route(router, context, register, async ({ body, raw }, response) => {
    const invite = await findInvite(context, body.invite_code);
    if (invite === null) throw new AppError('ERR_INVITE_001');
    const checked = checkRegistration(body);
    if (!checked.ok) throw new AppError(checked.codes[0]!, { details: { codes: checked.codes } });
    await spendAll(context, response, addressOf(raw), ['accounts']);
    const user = await makeAccount(context, checked.registration, invite);
    if (typeof user === 'string') {
      await context.rateLimiter.refund('accounts', addressOf(raw));
      throw new AppError(user);
    }
    context.metrics.count('closebell_registrations_total', {});
    const { id, email, fullName } = user;
    const next = 'Log in with POST /api/v1/auth/login, then upload your positions to POST /api/v1/onboarding/create-portfolio.';
    return {
      status: 201,
      body: { user_id: id, email, full_name: fullName, message: 'The account was created.', next_step: next },
    };
  });

  route(router, context, me, async ({ principal }) => {
    const { userId, email, fullName, isActive, isSuperuser, createdAt, impersonator } = principal;
    const behind = impersonator === null ? {} : { impersonator: { id: impersonator.userId, email: impersonator.email } };
    return {
      status: 200,
      body: {
        id: userId,
        email,
        full_name: fullName,
        is_active: isActive,
        is_superuser: isSuperuser,
        created_at: createdAt.toISOString(),
        ...behind,
      },
    };
  });
}

function loginRoutes(router: Router, context: ApiContext): void {
  const { db, config } = context;

  route(router, context, logIn, async ({ body, raw }, response) => {
    const user = await checkLogin(context, { ...body, raw, response });
    const { token, tokenHash } = newRefreshToken();
    const familyId = await beginTokenFamily(db, { userId: user.id, tokenHash, lifetimeDays: config.refreshTokenDays });
    return grant(context, response, user, familyId, token);
  });

  route(router, context, refresh, async ({ body, raw }, response) => {
    const given = refreshTokenOf(body.refresh_token, raw);
    if (given === null) throw new AppError('ERR_AUTH_001');
    const { token, tokenHash: nextHash } = newRefreshToken();
    const rotation = await rotateToken(db, {
      tokenHash: hashRefreshToken(given),
      nextHash,
      lifetimeDays: config.refreshTokenDays,
    });
    if (rotation.outcome === 'rotated') return grant(context, response, rotation.user, rotation.familyId, token);
    clearLoginCookies(response, config);
    throw new AppError(REFUSALS[rotation.outcome]);
  });

  route(router, context, logOut, async ({ body, raw, requestId }, response) => {
    const token = refreshTokenOf(body.refresh_token, raw);
    // First, as it refuses a cookie without its CSRF header: what is refused has changed nothing.
    await revokeLoginOf(context, raw, requestId);
    if (token !== null) await revokeFamilyOfToken(db, hashRefreshToken(token));
    clearLoginCookies(response, config);
    return { status: 200, body: { message: 'Logged out.' } };
  });
}

const REFUSALS = { unknown: 'ERR_AUTH_001', expired: 'ERR_AUTH_002', revoked: 'ERR_AUTH_003' } as const;

/** The account, or why there is none. */
async function makeAccount(
  { db, config }: ApiContext,
  { email, password, fullName }: Registration,
  invite: Invite,
): Promise<UserRow | 'ERR_USER_001' | 'ERR_INVITE_001'> {
  const passwordHash = await hashPassword(password);
  const account = { email, fullName, passwordHash, ...(config.deterministicUuids ? { id: dnsUuid5(email) } : {}) };
  if (invite.kind === 'configured') return (await createUser(db, account)) ?? 'ERR_USER_001';
  const made = await createInvitedUser(db, account, invite.code);
  if (made === 'not_invited') return 'ERR_INVITE_001';
  return made === 'address_taken' ? 'ERR_USER_001' : made;
}

async function grant(
  { config }: ApiContext,
  response: Response,
  user: UserRow,
  familyId: string,
  refreshToken: string,
): Promise<Reply> {
  const lifetimeSeconds = config.accessTokenMinutes * 60;
  const { id, email, fullName, isSuperuser } = user;
  const accessToken = await signAccessToken(
    { userId: id, sessionId: familyId, actorId: null, isSuperuser, lifetimeSeconds },
    config,
  );
  setLoginCookies(response, config, { accessToken, refreshToken });
  return {
    status: 200,
    headers: { 'Cache-Control': 'no-store' },
    body: {
      access_token: accessToken,
      refresh_token: refreshToken,
      token_type: 'bearer',
      expires_in: lifetimeSeconds,
      user: { id, email, full_name: fullName, is_superuser: isSuperuser },
    },
  };
}

/** The body wins over the cookie, which like every write by cookie needs the CSRF header. */
function refreshTokenOf(given: string | undefined, raw: Request): string | null {
  if (given !== undefined) return given;
  const cookie = cookieOf(raw, REFRESH_COOKIE);
  if (cookie !== null) requireCsrf(raw);
  return cookie;
}

/** The login that the access token names; a token that is not valid any more has none to end. */
async function revokeLoginOf({ db, config }: ApiContext, raw: Request, requestId: string): Promise<void> {
  const bearer = /^Bearer +(\S+) *$/i.exec(raw.get('authorization') ?? '')?.[1];
  const cookie = cookieOf(raw, AUTH_COOKIE);
  if (bearer === undefined && cookie !== null) requireCsrf(raw);
  const token = bearer ?? cookie;
  if (token === null) return;
  const claims = await verifyAccessToken(token, config).catch(() => null);
  if (claims === null) return;
  const { actorId, userId, sessionId } = claims;
  if (actorId === null) await revokeFamily(db.pool, sessionId);
  else await endImpersonation(db, { actorId, userId, sessionId }, requestId);
}
