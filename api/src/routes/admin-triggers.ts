// Single phases of a calculation, started by a superuser.
import type { Queryable } from '@closebell/prisma/client';
import { inTransactionOnce } from '@closebell/prisma/idempotency-keys';
import { submitJob, type JobOrigin, type Submitted } from '@closebell/prisma/jobs';
import { requestPriceRefresh } from '@closebell/prisma/price-refreshes';
import { listSymbolsInUse } from '@closebell/prisma/symbol-coverage';
import { triggerPhase, type TriggerPhase, type TriggerWish } from '@closebell/shared/contracts/admin-triggers';
import { normaliseSymbol } from '@closebell/shared/csv/symbols';
import { AppError } from '@closebell/shared/errors';
import type { JobKind } from '@closebell/shared/jobs';
import { countSubmit } from '@closebell/shared/metrics';
import type { Router } from 'express';
import { accepted, startedStatus } from '../accepted.js';
import { runUrl } from '../admin-view.js';
import { audited } from '../audited.js';
import type { ApiContext } from '../context.js';
import { route } from '../route.js';

export function adminTriggerRoutes(router: Router, context: ApiContext): void {
  const { db, metrics } = context;

  route(router, context, triggerPhase, async ({ params: { phase }, body, principal, requestId, now, keyHold }) => {
    const { kind, sessionDate, symbolsCount, submit } = await PLANS[phase](context, body, now);
    const alsoKeep = audited<readonly SubmittedPart[]>({ principal, requestId }, (made) => ({
      action: 'batch.trigger',
      subject: made[0]?.jobId ?? null,
      details: {
        phase,
        calculation_date: sessionDate,
        symbols_count: symbolsCount,
        force: body.force,
        job_ids: made.map(({ jobId }) => jobId),
      },
    }));
    const submitted = await inTransactionOnce(db, keyHold, async (client) => {
      const made = await submit(client, { trigger: 'admin', requestedBy: principal.userId, requestId });
      await alsoKeep(client, made);
      return made;
    });
    for (const { created } of submitted) countSubmit(metrics, kind, created);
    const jobs = submitted.map(viewPart);
    return accepted(jobs[0]!.poll_url, { phase, calculation_date: sessionDate, symbols_count: symbolsCount, jobs });
  });
}

type SubmittedPart = Submitted & Readonly<{ symbolsCount: number | null }>;

type Plan = Readonly<{
  kind: JobKind;
  /** Null for a phase that is about no session. */
  sessionDate: string | null;
  /** Null for one that finds its symbols itself. */
  symbolsCount: number | null;
  /** At least one job. */
  submit: (client: Queryable, origin: JobOrigin) => Promise<readonly SubmittedPart[]>;
}>;

/** What each phase makes of a wish. Throws ERR_REQ_001 for one that it cannot fulfil. */
const PLANS: Readonly<Record<TriggerPhase, (context: ApiContext, wish: TriggerWish, now: Date) => Promise<Plan>>> = {
  'market-data': planMarketData,
  profiles: planProfiles,
};

async function planMarketData({ db, calendar }: ApiContext, wish: TriggerWish, now: Date): Promise<Plan> {
  const sessionDate = calendar.targetSession(wish.calculation_date ?? calendar.newYorkDate(now), now);
  const symbols = symbolsToAsk(wish.symbols, await listSymbolsInUse(db.pool, sessionDate));
  return {
    kind: 'refresh-prices',
    sessionDate,
    symbolsCount: symbols.length,
    submit: (client, origin) => requestPriceRefresh(client, { symbols, sessionDate, force: wish.force }, origin),
  };
}

async function planProfiles(_context: ApiContext, wish: TriggerWish): Promise<Plan> {
  const given = Object.entries(wish).filter(([, value]) => value !== undefined && value !== false);
  refuse(given.map(([path]) => ({ path, message: 'Leave it out: profiles are renewed of every symbol in use that needs it' })));
  return {
    kind: 'refresh-profiles',
    sessionDate: null,
    symbolsCount: null,
    submit: async (client, origin) => [{ ...(await submitJob(client, 'refresh-profiles', {}, origin)), symbolsCount: null }],
  };
}

/** Only symbols in use go to a provider: anything else may be a private holding's name. */
function symbolsToAsk(given: readonly string[] | undefined, inUse: readonly string[]): readonly string[] {
  if (given === undefined) return inUse;
  const known = new Set(inUse);
  const wanted = given.map(normaliseSymbol);
  const unknown = wanted
    .map((symbol, place) => ({ symbol, path: `symbols.${place}` }))
    .filter(({ symbol }) => !known.has(symbol));
  refuse(unknown.map(({ symbol, path }) => ({ path, message: `No open lot needs prices of ${symbol}, and no factor does` })));
  return [...new Set(wanted)];
}

const ISSUES_SHOWN_MAX = 100;

function refuse(issues: readonly Readonly<{ path: string; message: string }>[]): void {
  if (issues.length > 0) throw new AppError('ERR_REQ_001', { details: { issues: issues.slice(0, ISSUES_SHOWN_MAX) } });
}

function viewPart({ jobId, created, symbolsCount }: SubmittedPart) {
  return {
    status: startedStatus(created),
    job_id: jobId,
    symbols_count: symbolsCount,
    poll_url: runUrl(jobId),
  };
}
