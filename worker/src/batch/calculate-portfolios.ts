// Phases 3 to 6 for some portfolios: claim, read in bulk, compute one by one, write all in one transaction that proves the claims. Risk comes after it
// in another one (portfolio-risk.ts), so that figures stand whatever becomes of it.
import { claimPortfolios, openSlots, proveClaims, releaseClaims, type Claims } from '@closebell/prisma/calculation-claims';
import { insertMarks, replaceLotValues, replaceSnapshots, settleGenerations } from '@closebell/prisma/figures';
import { inFencedTransaction, type JobHold } from '@closebell/prisma/job-runs';
import { loadLedgers, loadSnapshotLinks, type Ledger, type SnapshotLink } from '@closebell/prisma/ledger';
import { loadLotSources } from '@closebell/prisma/lot-sources';
import { listWithoutRisk } from '@closebell/prisma/portfolio-risk';
import type { PhaseReporter, WorkerContext } from '../context.js';
import { computePortfolio, type ComputedPortfolio, type PortfolioSources } from './compute-portfolio.js';
import { PHASES } from './phases.js';
import { planCalculation, type CalculationPlan } from './plan-calculation.js';
import { measurePortfolios, type PartialRisk, type RiskReport } from './portfolio-risk.js';

export type CalculationReport = Readonly<{
  /** Computed and stored, their risk too. */
  succeeded: readonly string[];
  /** Computed and stored, but for some parts of their risk. */
  partial: readonly PartialRisk[];
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
  phase: PhaseReporter;
  /** See `RiskRequest`. */
  batchRunId: string | null;
  isLastTry: boolean;
}>;

/** Computes what is dirty or missing up to the target session. Portfolios do not touch each other: one that fails is only counted. */
export async function calculatePortfolios(context: WorkerContext, request: CalculationRequest): Promise<CalculationReport> {
  const { db } = context;
  const { portfolioIds, hold, phase } = request;
  const claims = await claimPortfolios(db.pool, hold, portfolioIds);
  try {
    const figures = await phase(PHASES.snapshots, () => calculateFigures(context, request, claims));
    await phase(PHASES.positionValues, async () => ({ counts: { lots: figures.lots } }));
    const standing = await toMeasure(context, figures);
    const risk = await phase(PHASES.risk, () => measurePortfolios(context, { ...request, claims, portfolios: standing }));
    return reportOf(portfolioIds, claims, figures, standing, risk);
  } finally {
    await releaseClaims(db.pool, hold, claims);
  }
}

/** A portfolio and the session of its newest figures. */
type Standing = Readonly<{ portfolioId: string; sessionDate: string }>;

type Figures = Readonly<{
  written: Written;
  /** Whose figures were all there and still held. */
  unchanged: readonly Standing[];
  /** Whose figures were written, and still hold. */
  stored: readonly Standing[];
  failed: CalculationReport['failed'];
  lots: number;
  generations: CalculationReport['generations'];
  counts: Readonly<{ sessions: number }>;
}>;

async function calculateFigures(context: WorkerContext, request: CalculationRequest, claims: Claims): Promise<Figures> {
  const ledgers = await loadLedgers(context.db.pool, [...claims.keys()]);
  const planned = await planAll(context, ledgers, request.targetSession);
  const due = planned.filter((item): item is Due => item.plan !== null);
  const { computed, failed } = await computeAll(context, due, request);
  const written = await writeAll(context, request.hold, claims, computed);
  const isStored = new Set(written.stored);
  return {
    written,
    unchanged: planned.flatMap(({ ledger: { portfolioId, last }, plan }) =>
      plan === null ? [{ portfolioId, sessionDate: last!.date }] : [],
    ),
    stored: due.flatMap(({ ledger: { portfolioId }, plan }) =>
      isStored.has(portfolioId) ? [{ portfolioId, sessionDate: plan.to }] : [],
    ),
    failed,
    lots: computed.reduce((sum, { values }) => sum + values.length, 0),
    generations: new Map(ledgers.map(({ portfolioId, generation }) => [portfolioId, generation])),
    counts: { sessions: computed.reduce((sum, { snapshots }) => sum + snapshots.length, 0) },
  };
}

/** What has new figures, and what lacks the risk of those it has: a run was stopped in between, or prices of its symbols have changed. */
async function toMeasure({ db }: WorkerContext, { stored, unchanged }: Figures): Promise<readonly Standing[]> {
  const lacking = await listWithoutRisk(db.pool, unchanged);
  return [...stored, ...unchanged.filter(({ portfolioId }) => lacking.has(portfolioId))];
}

function reportOf(
  portfolioIds: readonly string[],
  claims: Claims,
  { written, unchanged, failed, lots, generations, counts }: Figures,
  standing: readonly Standing[],
  risk: RiskReport,
): CalculationReport {
  const partial = new Set(risk.partial.map(({ portfolioId }) => portfolioId));
  const measured = new Set([...risk.stored, ...partial]);
  const wanted = new Set(standing.map(({ portfolioId }) => portfolioId));
  return {
    succeeded: risk.stored.filter((id) => !partial.has(id)),
    partial: risk.partial,
    upToDate: unchanged.map(({ portfolioId }) => portfolioId).filter((id) => !wanted.has(id)),
    claimedElsewhere: [
      ...portfolioIds.filter((id) => !claims.has(id)),
      ...written.lost,
      ...[...wanted].filter((id) => !measured.has(id)),
    ],
    changedMeanwhile: written.changed,
    failed,
    sessions: counts.sessions,
    lots,
    generations,
  };
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
