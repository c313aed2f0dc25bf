// Access tokens: HS256 and nothing else, signed with JWT_SECRET. They say who; what a user may do, the database says.
import type { Config } from '@closebell/shared/config';
import { AppError } from '@closebell/shared/errors';
import { errors, jwtVerify, SignJWT, type JWTPayload } from 'jose';
import { randomUUID } from 'node:crypto';

const ALGORITHM = 'HS256';
const ISSUER = 'closebell';
const AUDIENCE = 'closebell-api';

export type AccessClaims = Readonly<{
  userId: string;
  /** The login: the family of refresh tokens that it began. An impersonation has one of its own. */
  sessionId: string;
  /** The superuser who impersonates; null for a user's own token. */
  actorId: string | null;
  /** The login that the superuser began the impersonation from, and with which it ends; null for a user's own token. */
  actorSessionId: string | null;
}>;

export type AccessTokenOptions = Omit<AccessClaims, 'actorSessionId'> &
  Readonly<{ actorSessionId?: string; isSuperuser: boolean; lifetimeSeconds: number }>;

/** `is_superuser` is for clients to read; no route believes it. */
export async function signAccessToken(
  { userId, sessionId, actorId, actorSessionId, isSuperuser, lifetimeSeconds }: AccessTokenOptions,
  { jwtSecret }: Pick<Config, 'jwtSecret'>,
): Promise<string> {
  const act = actorId === null ? {} : { act: { sub: actorId, sid: actorSessionId } };
  return sign({ sub: userId, sid: sessionId, is_superuser: isSuperuser, ...act }, AUDIENCE, lifetimeSeconds, jwtSecret);
}

export type VerifiedClaims = AccessClaims & Readonly<{ expiresAt: Date }>;

const TOKENS_REMEMBERED_MAX = 2_000;

/** As verifyAccessToken, but remembers what it has verified: a signature that was good stays good, and a client that polls sends it often. */
export function createTokenVerifier(config: Pick<Config, 'jwtSecret'>): (token: string) => Promise<VerifiedClaims> {
  const verified = new Map<string, VerifiedClaims>();
  return async (token) => {
    const known = verified.get(token);
    if (known !== undefined && known.expiresAt.getTime() > Date.now()) return known;
    const claims = await verifyAccessToken(token, config);
    // The oldest makes room.
    if (verified.size >= TOKENS_REMEMBERED_MAX) verified.delete(verified.keys().next().value!);
    verified.set(token, claims);
    return claims;
  };
}

/** Throws ERR_AUTH_002 when expired, else ERR_AUTH_001. */
export async function verifyAccessToken(token: string, { jwtSecret }: Pick<Config, 'jwtSecret'>): Promise<VerifiedClaims> {
  const { sub, sid, act, exp = 0 } = await verify(token, AUDIENCE, jwtSecret);
  if (!isId(sub) || !isId(sid)) throw new AppError('ERR_AUTH_001');
  return { userId: sub, sessionId: sid, ...actorOf(act), expiresAt: new Date(exp * 1_000) };
}

function actorOf(act: unknown): Pick<AccessClaims, 'actorId' | 'actorSessionId'> {
  if (act === undefined) return { actorId: null, actorSessionId: null };
  const { sub, sid } = (act ?? {}) as Readonly<{ sub?: unknown; sid?: unknown }>;
  if (!isId(sub) || !isId(sid)) throw new AppError('ERR_AUTH_001');
  return { actorId: sub, actorSessionId: sid };
}

const BOARD_AUDIENCE = 'closebell-board';

/** The board's own cookie: no token of the API opens the board, and its token opens nothing else. */
export async function signBoardToken(
  userId: string,
  lifetimeSeconds: number,
  { jwtSecret }: Pick<Config, 'jwtSecret'>,
): Promise<string> {
  return sign({ sub: userId }, BOARD_AUDIENCE, lifetimeSeconds, jwtSecret);
}

/** The user's id. Throws as verifyAccessToken does. */
export async function verifyBoardToken(token: string, { jwtSecret }: Pick<Config, 'jwtSecret'>): Promise<string> {
  const { sub } = await verify(token, BOARD_AUDIENCE, jwtSecret);
  if (!isId(sub)) throw new AppError('ERR_AUTH_001');
  return sub;
}

async function sign(claims: JWTPayload, audience: string, lifetimeSeconds: number, secret: string): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: ALGORITHM })
    .setIssuer(ISSUER)
    .setAudience(audience)
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime(`${lifetimeSeconds} s`)
    .sign(keyOf(secret));
}

async function verify(token: string, audience: string, secret: string): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, keyOf(secret), {
      algorithms: [ALGORITHM],
      issuer: ISSUER,
      audience,
      requiredClaims: ['exp', 'jti', 'sub'],
    });
    return payload;
  } catch (cause) {
    throw new AppError(cause instanceof errors.JWTExpired ? 'ERR_AUTH_002' : 'ERR_AUTH_001', { cause });
  }
}

function keyOf(secret: string): Uint8Array {
  return new TextEncoder().encode(secret);
}

function isId(claim: unknown): claim is string {
  return typeof claim === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(claim);
}
