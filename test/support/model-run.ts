// One seed of the model test from its first step to its verdict, and many of them with a table of what was done.
import fc from 'fast-check';
import { severalAtOnce } from './fault-trials.js';
import type { FaultPoint } from './fault-points.js';
import { drained } from './invariants.js';
import { openReference, type Reference } from './model-reference.js';
import { openSite, type Site, type SiteOptions } from './model-site.js';
import { commandOf, emptyModel, QUIET_WITHIN_MS, type Model } from './model-commands.js';
import { FAULT_STEPS, stepsOf, type Step } from './model-steps.js';
import { verdict } from './model-verdict.js';

export type ModelRunOptions = Readonly<{
  seeds: readonly number[];
  /** Seeds side by side: most of a seed's time is spent waiting. */
  atOnce: number;
  /** Where workers may be killed by name; none: they are killed at random instants alone. */
  points: readonly FaultPoint[];
  hasRedis: boolean;
  /** A line per this many seeds. */
  reportEvery: number;
}>;

export type SeedReport = Readonly<{
  seed: number;
  site: SiteOptions;
  done: ReadonlyMap<Step['kind'], number>;
  runsAccepted: number;
  /** Empty when all is well. */
  findings: readonly string[];
  /** What may explain them: jobs that live still, and errors that workers logged. */
  circumstances: readonly string[];
}>;

export async function runSeeds(options: ModelRunOptions): Promise<readonly SeedReport[]> {
  const { seeds, atOnce, reportEvery } = options;
  const reference = await openReference();
  const startedAt = performance.now();
  const reports: SeedReport[] = [];
  try {
    await severalAtOnce(atOnce, seeds, async (seed) => {
      const report = await runSeed(seed, options, reference);
      reports.push(report);
      if (report.findings.length > 0) console.log(describeFailure(report));
      if (reports.length % reportEvery !== 0) return;
      const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
      const failed = reports.filter(({ findings }) => findings.length > 0).length;
      console.log(`${reports.length} seeds in ${seconds} s, ${failed} with findings`);
    });
  } finally {
    await reference.close();
  }
  console.log(tableOf(reports, performance.now() - startedAt));
  return reports;
}

/** Both backends in turn; every fifth seed has a Postgres that may be killed. */
function siteOf(seed: number, hasRedis: boolean): SiteOptions {
  return { backend: hasRedis && seed % 2 === 0 ? 'redis' : 'postgres', ownPostgres: seed % 10 === 3 || seed % 10 === 6 };
}

async function runSeed(seed: number, { points, hasRedis }: ModelRunOptions, reference: Reference): Promise<SeedReport> {
  const options = siteOf(seed, hasRedis);
  const model = emptyModel();
  const site = await openSite(options);
  try {
    const findings = await playAndJudge(seed, model, site, points, reference).catch(describeError);
    const circumstances = findings.length > 0 ? [...(await liveJobs(site)), ...site.complaints()].slice(0, LINES_MAX) : [];
    return { seed, site: options, done: model.done, runsAccepted: model.runs.size, findings, circumstances };
  } finally {
    await site.close();
  }
}

const LINES_MAX = 12;

function describeError(error: unknown): readonly string[] {
  return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
}

async function playAndJudge(
  seed: number,
  model: Model,
  site: Site,
  points: readonly FaultPoint[],
  reference: Reference,
): Promise<readonly string[]> {
  const commands = stepsOf(seed).map((step) => commandOf(step, points));
  await site.settle();
  // The sweep of a new installation runs a batch as its own part; a batch that is asked for would join it.
  await drained(site.db, QUIET_WITHIN_MS);
  try {
    await fc.asyncModelRun(() => ({ model, real: site }), commands);
  } finally {
    await site.settle();
  }
  const findings = await verdict(model, site, reference);
  return [...findings, ...site.ownEnds()];
}

async function liveJobs({ db }: Site): Promise<readonly string[]> {
  const { rows } = await db.pool.query<{ row: string }>(
    `SELECT (to_jsonb(j) - 'payload' - 'phases')::text AS row FROM jobs j WHERE status IN ('queued', 'running')`,
  );
  return rows.map(({ row }) => `still live: ${row}`);
}

function describeFailure({ seed, site, findings, circumstances }: SeedReport): string {
  const head = `seed ${seed} (MODEL_SEED=${seed} runs it again) on ${JSON.stringify(site)}:`;
  const steps = stepsOf(seed).map((step) => `  ${JSON.stringify(step)}`);
  return [head, ...findings, 'at its end:', ...circumstances, 'its steps:', ...steps].join('\n');
}

function tableOf(reports: readonly SeedReport[], tookMs: number): string {
  const counts = new Map<string, number>();
  for (const { done } of reports) for (const [kind, count] of done) counts.set(kind, (counts.get(kind) ?? 0) + count);
  const rows = [...counts].toSorted(([a], [b]) => a.localeCompare(b)).map(([kind, count]) => [kind, String(count)]);
  const faults = FAULT_STEPS.reduce((sum, kind) => sum + (counts.get(kind) ?? 0), 0);
  const sum = (value: (report: SeedReport) => number): string => String(reports.reduce((total, each) => total + value(each), 0));
  return [
    ['seeds', String(reports.length)],
    ['with the queue on Redis', sum(({ site }) => (site.backend === 'redis' ? 1 : 0))],
    ['seconds per seed', (tookMs / 1_000 / reports.length).toFixed(1)],
    ...rows,
    ['runs accepted', sum(({ runsAccepted }) => runsAccepted)],
    ['faults injected', String(faults)],
    ['violations', sum(({ findings }) => findings.length)],
  ]
    .map(([name, value]) => `${name!.padEnd(26)}${value!.padStart(8)}`)
    .join('\n');
}
