// How each step of the model test is done to an installation, and what the model keeps of it.
import { requestBatch, requestCalculation } from '@closebell/prisma/calculation-requests';
import { submitImport } from '@closebell/prisma/imports';
import { cancelTree } from '@closebell/prisma/job-cancels';
import { retryJob } from '@closebell/prisma/job-retries';
import { findJob, type JobRow } from '@closebell/prisma/jobs';
import { JOBS } from '@closebell/shared/jobs';
import type { AsyncCommand } from 'fast-check';
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultPoint } from './fault-points.js';
import { underWay } from './invariants.js';
import {
  changeLedger,
  FIRST_LOTS,
  insertLedger,
  LATER_FLOWS,
  LATER_LOTS,
  UPLOADED_EQUITY,
  UPLOADED_FILE,
  type LedgerChange,
  type ModelLedger,
} from './model-ledger.js';
import type { Site } from './model-site.js';
import type { Drawn, Step, StepOf } from './model-steps.js';
import { until } from './until.js';

/** What must hold in the end, whatever happens in between. */
export type Model = {
  readonly portfolios: ModelPortfolio[];
  readonly uploads: Readonly<{ importId: string; runId: string; accountName: string }>[];
  /** Every run that was accepted, and whether it has leave to end cancelled. */
  readonly runs: Map<string, Readonly<{ mayBeCancelled: boolean }>>;
  /** How often each step was done. */
  readonly done: Map<Step['kind'], number>;
};

export type ModelPortfolio = {
  readonly id: string;
  ledger: ModelLedger;
  /** The run that was asked for with the last change of the ledger; null when it was never changed. */
  changeRun: string | null;
};

export function emptyModel(): Model {
  return { portfolios: [], uploads: [], runs: new Map(), done: new Map() };
}

/** `points`: where a worker that is started to be killed may be struck; without any it is not. */
export function commandOf(step: Step, points: readonly FaultPoint[]): AsyncCommand<Model, Site> {
  return {
    check: (model) => isPossible(model, step),
    run: async (model, site) => {
      await sleep(step.pauseMs);
      const perform = performers(points)[step.kind] as Performer<Step>;
      if ((await perform(model, site, step)) !== false) model.done.set(step.kind, (model.done.get(step.kind) ?? 0) + 1);
    },
    toString: () => JSON.stringify(step),
  };
}

function isPossible(model: Readonly<Model>, { kind }: Step): boolean {
  if (kind === 'calculate' || kind === 'add lot' || kind === 'add flow') return model.portfolios.length > 0;
  if (kind === 'retry') return cancelled(model).length > 0;
  return (kind !== 'cancel' && kind !== 'deliver') || model.runs.size > 0;
}

const RECENT_RUNS = 4;

/** The runs that are most likely to live. */
function recent({ runs }: Model): readonly string[] {
  return [...runs.keys()].slice(-RECENT_RUNS);
}

function cancelled({ runs }: Model): readonly string[] {
  return [...runs].filter(([, { mayBeCancelled }]) => mayBeCancelled).map(([id]) => id);
}

/** False: the step found nothing to do. */
type Performer<S> = (model: Model, site: Site, step: S) => Promise<boolean | void>;

function performers(points: readonly FaultPoint[]): Readonly<{ [K in keyof Drawn]: Performer<StepOf<K>> }> {
  return {
    'create portfolio': createPortfolio,
    calculate: async (model, { db }, { at, session: sessionDate, force }) => {
      const { id } = pick(model.portfolios, at);
      const origin = { trigger: 'user' } as const;
      const { jobId } = await requestCalculation(db, { portfolioId: id, sessionDate, onboarding: false, force, origin });
      accept(model, jobId);
    },
    batch: async (model, { db }, { session: sessionDate, force }) => {
      accept(model, (await requestBatch(db, { sessionDate, force, origin: { trigger: 'admin' } })).jobId);
    },
    upload,
    'add lot': (model, site, { at, lot }) => change(model, site, at, { lot: LATER_LOTS[lot]! }),
    'add flow': (model, site, { at, flow }) => change(model, site, at, { flow: LATER_FLOWS[flow]! }),
    cancel: async (model, { db }, { at }) => {
      const runId = pick(recent(model), at);
      const { ended, asked } = await cancelTree(db, runId);
      if (ended + asked > 0) model.runs.set(runId, { mayBeCancelled: true });
      return ended + asked > 0;
    },
    retry,
    deliver: async (model, { db, deliver }, { at, fencesBack }) => {
      const { id, kind, fence } = await rowOf(db, pick(recent(model), at));
      const { queue, priority } = JOBS[kind];
      await deliver({ queue, jobId: id, fence: fence - fencesBack, kind, priority });
    },
    'kill worker': (_, { killWorker }, step) => killWorker(step.place),
    'replace worker': async (_, { killWorker, startWorker }, step) => {
      await killWorker(step.place);
      await startWorker(step.place, step.killedAt === null ? null : (points[step.killedAt % points.length] ?? null));
    },
    'freeze worker': async (_, { freezeWorker }, step) => freezeWorker(step.place),
    'forget queue': (_, { forgetQueue }) => forgetQueue(),
    'restart Postgres': async (_, { restartPostgres }) => {
      await restartPostgres?.();
      return restartPostgres !== null;
    },
    'wait until quiet': (_, site) => waitUntilQuiet(site),
  };
}

const createPortfolio: Performer<StepOf<'create portfolio'>> = async (model, { db, userId }, { lots, asOf }) => {
  const ledger = { asOf, equity: '1000000', lots: FIRST_LOTS[lots]!, flows: [] };
  model.portfolios.push({ id: await insertLedger(db, userId, ledger), ledger, changeRun: null });
};

/** Of the uploads of one account name one becomes a portfolio. */
const upload: Performer<StepOf<'upload'>> = async (model, { db, userId }, { account }) => {
  const file = Buffer.from(UPLOADED_FILE);
  const accountName = `account ${account}`;
  const request = {
    portfolio_name: 'Uploaded',
    account_name: accountName,
    account_type: 'taxable',
    equity_balance: UPLOADED_EQUITY,
    equity_as_of: null,
    description: null,
    allow_multiple_lots: true,
  } as const;
  const sha256 = createHash('sha256').update(file).digest();
  const origin = { trigger: 'user' } as const;
  const { importId, jobId } = await submitImport(db, { userId, fileName: 'lots.csv', file, sha256, request, origin });
  model.uploads.push({ importId, runId: jobId, accountName });
  accept(model, jobId);
};

async function change(model: Model, { db }: Site, at: number, what: LedgerChange): Promise<void> {
  const portfolio = pick(model.portfolios, at);
  const runId = await changeLedger(db, portfolio.id, what);
  const { ledger } = portfolio;
  portfolio.ledger =
    'lot' in what ? { ...ledger, lots: [...ledger.lots, what.lot] } : { ...ledger, flows: [...ledger.flows, what.flow] };
  portfolio.changeRun = runId;
  accept(model, runId);
}

/** A run that was asked to stop and lives still may be joined; it keeps its leave. */
function accept({ runs }: Model, runId: string): void {
  if (!runs.has(runId)) runs.set(runId, { mayBeCancelled: false });
}

const retry: Performer<StepOf<'retry'>> = async (model, { db }, { at }) => {
  const runId = pick(cancelled(model), at);
  const { outcome } = await retryJob(db, runId);
  if (outcome === 'not_found') throw new Error(`run ${runId} was accepted and is not there`);
  if (outcome === 'queued') model.runs.set(runId, { mayBeCancelled: false });
  return outcome === 'queued';
};

/** A worker may be killed at its point meanwhile: somebody must be there. */
async function waitUntilQuiet({ db, startWorker }: Site): Promise<void> {
  const isQuiet = async (): Promise<boolean> => {
    await startWorker(0, null);
    return (await underWay(db)).liveJobs === 0;
  };
  await until('nothing is live', isQuiet, QUIET_WITHIN_MS);
}

/** Several tries after failures, the waits between them doubled and doubled again, on a loaded machine. */
export const QUIET_WITHIN_MS = 120_000;

async function rowOf(db: Site['db'], runId: string): Promise<JobRow> {
  const row = await findJob(db.pool, runId);
  if (row === null) throw new Error(`run ${runId} was accepted and is not there`);
  return row;
}

function pick<T>(items: readonly T[], at: number): T {
  return items[at % items.length]!;
}
