// The audit entry of what a superuser does, for the transaction that does it.
import { recordAudit, type NewAuditEntry } from '@closebell/prisma/audit';
import type { AlsoKeep } from '@closebell/prisma/client';
import type { Principal } from './auth/principal.js';

type Deed = Pick<NewAuditEntry, 'action' | 'subject' | 'details'>;

export function audited<T>(
  { principal, requestId }: Readonly<{ principal: Principal; requestId: string }>,
  deedOf: (made: T) => Deed,
): AlsoKeep<T> {
  return (client, made) => recordAudit(client, { actorId: principal.userId, requestId, ...deedOf(made) });
}
