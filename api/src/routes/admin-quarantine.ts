// A superuser's word for a bar that was held back.
import { inTransactionOnce } from '@closebell/prisma/idempotency-keys';
import { acceptQuarantinedBar } from '@closebell/prisma/quarantined-bars';
import { acceptQuarantined } from '@closebell/shared/contracts/admin-quarantine';
import { normaliseSymbol } from '@closebell/shared/csv/symbols';
import { AppError } from '@closebell/shared/errors';
import type { Router } from 'express';
import { audited } from '../audited.js';
import type { ApiContext } from '../context.js';
import { route } from '../route.js';

type Accepted = Readonly<{ close: number; accepted_at: string }>;

export function adminQuarantineRoutes(router: Router, context: ApiContext): void {
  const { db, calendar } = context;

  route(router, context, acceptQuarantined, async ({ body, principal, requestId, keyHold }) => {
    const bar = { symbol: normaliseSymbol(body.symbol), session_date: body.session_date, provider: body.provider };
    const alsoKeep = audited<Accepted>({ principal, requestId }, ({ close }) => ({
      action: 'quarantine.accept',
      subject: bar.symbol,
      details: { ...bar, close },
    }));
    const accepted = await inTransactionOnce(db, keyHold, async (client) => {
      const { symbol, session_date: sessionDate, provider } = bar;
      const acceptance = await acceptQuarantinedBar(client, calendar, { symbol, sessionDate, provider });
      if (acceptance.status === 'unknown') throw new AppError('ERR_DATA_001');
      if (acceptance.status !== 'accepted') throw new AppError('ERR_DATA_002', { message: WHY_NOT[acceptance.status] });
      const made = { close: acceptance.close, accepted_at: acceptance.acceptedAt.toISOString() };
      await alsoKeep(client, made);
      return made;
    });
    return { status: 200, body: { ...bar, ...accepted } };
  });
}

const WHY_NOT = {
  has_close: 'The session has a close by now, so there is nothing to accept.',
  impossible: 'This bar can never be used: its close is no price, or the exchange was closed on that day.',
} as const;
