// Phases 3 and 4 for some portfolios: claim, read in bulk, compute one by one, write all in one transaction that proves the claims.
import { claimPortfolios, openSlots, proveClaims, releaseClaims, type Claims } from '@closebell/prisma/calculation-claims';
import { insertMarks, replaceLotValues, replaceSnapshots, settleGenerations } from '@closebell/prisma/figures';
import { inFencedTransaction, type JobHold } from '@closebell/prisma/job-runs';
import { loadLedgers, loadSnapshotLinks, type Ledger, type SnapshotLink } from '@closebell/prisma/ledger';
import { loadLotSources } from '@closebell/prisma/lot-sources';
import type { WorkerContext } from '../context.js';
import { computePortfolio, type ComputedPortfolio, type PortfolioSources } from './compute-portfolio.js';
import { planCalculation, type CalculationPlan } from './plan-calculation.js';

export type CalculationReport = Readonly<{
  /** Computed and stored. */
  succeeded: readonly string[];
  /** Every figure was there and still holds. */
  upToDate: readonly string[];
  /** Being computed by another job. */
  claimedElsewhere: readonly string[];
  /** Changed while they were computed: what was stored is right for the ledger that was read, and must be computed again. */
  changedMeanwhile: readonly string[];
  failed: readonly Readonly<{ portfolioId: string; message: string }>[];
  sessions: number;
  lots: number;
  /** Portfolio → generation of the ledger that was read. */
  generations: ReadonlyMap<string, number>;
}>;

export type CalculationRequest = Readonly<{
  portfolioIds: readonly string[];
  targetSession: string;
  hold: JobHold;
  signal: AbortSignal;
}>;

/** Computes what is dirty or missing up to the target session. Portfolios do not touch each other: one that fails is only counted. */
export async function calculatePortfolios(context: WorkerContext, request: CalculationRequest): Promise<CalculationReport> {
  const { db } = context;
  const { portfolioIds, targetSession, hold } = request;
  const claims = await claimPortfolios(db.pool, hold, portfolioIds);
  try {
    const ledgers = await loadLedgers(db.pool, [...claims.keys()]);
    const planned = await planAll(context, ledgers, targetSession);
    const due = planned.filter((item): item is Due => item.plan !== null);
    const { computed, failed } = await computeAll(context, due, request);
    const written = await writeAll(context, hold, claims, computed);
    return {
      succeeded: written.stored,
      upToDate: planned.filter(({ plan }) => plan === null).map(({ ledger }) => ledger.portfolioId),
      claimedElsewhere: [...portfolioIds.filter((id) => !claims.has(id)), ...written.lost],
      changedMeanwhile: written.changed,
      failed,
      sessions: computed.reduce((sum, { snapshots }) => sum + snapshots.length, 0),
      lots: computed.reduce((sum, { values }) => sum + values.length, 0),
      generations: new Map(ledgers.map(({ portfolioId, generation }) => [portfolioId, generation])),
    };
  } finally {
    await releaseClaims(db.pool, hold, claims);
  }
}

type Planned = Readonly<{ ledger: Ledger; plan: CalculationPlan | null; link: SnapshotLink | null }>;
type Due = Planned & Readonly<{ plan: CalculationPlan }>;

/** Plans every portfolio and finds the stored snapshot each continuation is chained to; where that is gone, the history is whole. */
async function planAll(
  { db, calendar }: WorkerContext,
  ledgers: readonly Ledger[],
  targetSession: string,
): Promise<readonly Planned[]> {
  const plans = ledgers.map((ledger) => ({ ledger, plan: planCalculation(calendar, ledger, targetSession) }));
  const onwards = plans.filter(({ plan }) => plan?.mode === 'onwards');
  const links = await loadSnapshotLinks(
    db.pool,
    onwards.map(({ ledger, plan }) => ({ portfolioId: ledger.portfolioId, date: plan!.axis.sessions[0]! })),
  );
  const planned = plans.map(({ ledger, plan }) => {
    const link = plan?.mode === 'onwards' ? (links.get(ledger.portfolioId) ?? null) : null;
    if (plan?.mode !== 'onwards' || link !== null) return { ledger, plan, link };
    return { ledger, plan: planCalculation(calendar, { ...ledger, last: null }, plan.to), link: null };
  });
  await openSlots(
    db.pool,
    planned.flatMap(({ ledger, plan }) => (plan === null ? [] : [{ portfolioId: ledger.portfolioId, date: plan.to }])),
  );
  return planned;
}

type ComputeResult = Readonly<{ computed: readonly ComputedPortfolio[]; failed: CalculationReport['failed'] }>;

async function computeAll(context: WorkerContext, due: readonly Due[], { signal }: CalculationRequest): Promise<ComputeResult> {
  if (due.length === 0) return { computed: [], failed: [] };
  const sources = await loadSources(context, due);
  const computed: ComputedPortfolio[] = [];
  const failed: { portfolioId: string; message: string }[] = [];
  for (const { ledger, plan, link } of due) {
    signal.throwIfAborted();
    try {
      computed.push(computePortfolio(sources, ledger, plan, link));
    } catch (error) {
      context.logger.error({ err: error, portfolioId: ledger.portfolioId }, 'portfolio failed');
      failed.push({ portfolioId: ledger.portfolioId, message: error instanceof Error ? error.message : String(error) });
    }
    // Heartbeats and other jobs get their turn between two portfolios.
    await new Promise(setImmediate);
  }
  return { computed, failed };
}

async function loadSources({ db, calendar, config }: WorkerContext, due: readonly Due[]): Promise<PortfolioSources> {
  const lots = due.flatMap(({ ledger }) => ledger.lots);
  const from = due.map(({ plan }) => plan.axis.sessions[0]!).reduce((a, b) => (a < b ? a : b));
  const to = due.map(({ plan }) => plan.to).reduce((a, b) => (a > b ? a : b));
  return loadLotSources(db.pool, calendar, { lots, from, to, config });
}

type Written = Readonly<{ stored: readonly string[]; lost: readonly string[]; changed: readonly string[] }>;

async function writeAll(
  { db }: WorkerContext,
  hold: JobHold,
  claims: Claims,
  computed: readonly ComputedPortfolio[],
): Promise<Written> {
  if (computed.length === 0) return { stored: [], lost: [], changed: [] };
  const own = new Map(computed.map(({ portfolioId }) => [portfolioId, claims.get(portfolioId)!]));
  return inFencedTransaction(db, hold, async (client) => {
    const held = await proveClaims(client, hold, own);
    const kept = computed.filter(({ portfolioId }) => held.has(portfolioId));
    const ids = kept.map(({ portfolioId }) => portfolioId);
    await insertMarks(
      client,
      kept.flatMap(({ marks }) => marks),
    );
    await replaceSnapshots(
      client,
      kept,
      kept.flatMap(({ snapshots }) => snapshots),
    );
    await replaceLotValues(
      client,
      ids,
      kept.flatMap(({ values }) => values),
    );
    const changed = await settleGenerations(client, kept);
    return {
      stored: ids.filter((id) => !changed.has(id)),
      changed: [...changed],
      lost: computed.map(({ portfolioId }) => portfolioId).filter((id) => !held.has(id)),
    };
  });
}
