// How often one may ask. Superusers are exempt; who has no account is counted by address.
import type { EndpointLimit } from '@closebell/shared/contracts/endpoint';
import { AppError } from '@closebell/shared/errors';
import type { Request, Response } from 'express';
import type { Principal } from '../auth/principal.js';
import type { ApiContext } from '../context.js';
import type { Budget, Spent } from '../rate-limiter.js';

export type LimitedRequest = Readonly<{
  raw: Request;
  response: Response;
  principal: Principal | null;
  limit: EndpointLimit | undefined;
}>;

/** Counts the request and sends RateLimit-* of the budget that is nearest to its end. Throws ERR_RATE_001, with Retry-After set. */
export async function limitRequest(context: ApiContext, { raw, response, principal, limit }: LimitedRequest): Promise<void> {
  if (principal?.isSuperuser) return;
  const key = principal?.userId ?? addressOf(raw);
  await spendAll(context, response, key, budgetsOf(limit));
}

/** Takes a point of each budget, for limits that only the handler can apply. Throws ERR_RATE_001. */
export async function spendAll(
  { rateLimiter }: ApiContext,
  response: Response,
  key: string,
  budgets: readonly Budget[],
): Promise<void> {
  const counts = await Promise.all(budgets.map((budget) => rateLimiter.spend(budget, key)));
  const known = counts.filter((count) => count !== null);
  const tightest = known.toSorted(byTightness)[0];
  if (tightest === undefined) return;
  response.set({
    'RateLimit-Limit': String(tightest.limit),
    'RateLimit-Remaining': String(tightest.remaining),
    'RateLimit-Reset': String(tightest.resetSeconds),
  });
  if (tightest.allowed) return;
  response.set('Retry-After', String(tightest.resetSeconds));
  throw new AppError('ERR_RATE_001');
}

/** The address that TRUST_PROXY lets Express believe. */
export function addressOf(request: Request): string {
  return request.ip ?? 'unknown';
}

function budgetsOf(limit: EndpointLimit | undefined): readonly Budget[] {
  if (limit === 'none') return [];
  if (limit === 'poll') return ['poll'];
  return limit === undefined ? ['minute', 'hour'] : ['minute', 'hour', limit];
}

/** The refused ones first, of those the one that lasts longest; then the one with the smallest part left. */
function byTightness(a: Spent, b: Spent): number {
  if (a.allowed !== b.allowed) return a.allowed ? 1 : -1;
  if (!a.allowed) return b.resetSeconds - a.resetSeconds;
  return a.remaining / a.limit - b.remaining / b.limit;
}
