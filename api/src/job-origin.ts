import type { JobOrigin } from '@closebell/prisma/jobs';
import type { Principal } from './auth/principal.js';

/** Who asked for a job: behind an impersonation stands the superuser, acting as the user. */
export function userOrigin({ userId, impersonator }: Principal, requestId: string): JobOrigin {
  const who = impersonator === null ? { requestedBy: userId } : { requestedBy: impersonator.userId, actingAs: userId };
  return { trigger: 'user', ...who, requestId };
}
