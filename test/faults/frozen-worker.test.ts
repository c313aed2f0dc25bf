// A worker frozen past its lease in the middle of a run: another one finishes the run unhindered, and the first, let go on, writes nothing.
import { afterAll, describe, expect, test } from 'vitest';
import type { Db } from '@closebell/prisma/client';
import { pointText, selected, spawnFaultyWorker, type FaultPoint } from '../support/fault-points.js';
import { allFigures, type SceneKind } from '../support/fault-scenes.js';
import { rehearse, severalAtOnce, type Rehearsed } from '../support/fault-trials.js';
import { until } from '../support/until.js';
import { ended, run, spawnWorker } from '../support/worker.js';

const AT_ONCE = 3;
/** Rows that a frozen worker went on holding would keep the other one out for ever; a busy machine is only slow. */
const FINISHED_WITHIN_MS = 60_000;
const waits: number[] = [];

afterAll(() =>
  console.log(`frozen workers: ${waits.length}; the slowest run ended ${(Math.max(...waits) / 1000).toFixed(1)} s after`),
);

/** Where a worker holds something that another one needs. A relay may hold due rows for as long as Redis may take to answer: 15 s. */
const HELD: Readonly<Record<SceneKind, readonly RegExp[]>> = {
  import: [
    /^before claimJob/,
    /^after acceptImport: INSERT INTO positions/,
    /^before acceptImport: COMMIT/,
    /^after endJob: UPDATE jobs/,
  ],
  calculate: [
    /^after claimJob.*#2$/,
    /^after awaitChildren: INSERT INTO jobs/,
    /^after storeFetchedBars: INSERT INTO price_bars.*#1$/,
    /^after claimPortfolios/,
    /^after writeAll: UPDATE jobs/,
    /^after writeAll: INSERT INTO portfolio_snapshots/,
    /^before writeAll: COMMIT/,
    /^before releaseClaims/,
    /^before endJob: COMMIT.*#2$/,
    /^after rescueJobs: SELECT .*#1$/,
    /^after rescueJobs: UPDATE jobs.*#1$/,
  ],
  chunk: [/^before writeAll: COMMIT/, /^after writeAll: UPDATE calculation_claims/],
  batch: [
    /^after storeFetchedBars: INSERT INTO price_bars.*#1$/,
    /^before awaitChildren: COMMIT/,
    /^before writeAll: COMMIT.*#1$/,
  ],
};

describe.each(Object.keys(HELD) as SceneKind[])('a worker frozen while it does %s', (kind) => {
  test('blocks nobody, and writes nothing when it wakes', async () => {
    const rehearsed = await rehearse(kind);
    const all = [...rehearsed.points.steady, ...rehearsed.points.timed];
    const points = selected(HELD[kind].map((wanted) => pointFor(all, wanted)));
    const findings = await severalAtOnce(AT_ONCE, points, (point) =>
      freezeAt(rehearsed, point).catch((error: unknown) => [`${pointText(point)}: ${String(error)}`]),
    );
    expect(findings.flat()).toEqual([]);
  });
});

function pointFor(points: readonly FaultPoint[], wanted: RegExp): FaultPoint {
  const point = points.find((each) => wanted.test(pointText(each)));
  if (!point) throw new Error(`no statement is ${String(wanted)}`);
  return point;
}

async function freezeAt({ scene, figures }: Rehearsed, point: FaultPoint): Promise<readonly string[]> {
  const copy = await scene.copy();
  const frozen = await spawnFaultyWorker(copy.env, { point, does: 'stop' });
  const findings: string[] = [];
  const expectThat = (holds: boolean, what: string): void => {
    if (!holds) findings.push(`${pointText(point)}: ${what}`);
  };
  try {
    await until('the worker is frozen', () => frozen.noted().length > 0, 120_000);
    const frozenAt = Number(frozen.noted()[0]);
    await finishWithout(copy.db, copy.env, scene.jobId);
    const { finished_at: finishedAt, status } = await ended(copy.db, scene.jobId);
    const waitedMs = finishedAt!.getTime() - frozenAt;
    waits.push(waitedMs);
    expectThat(status === 'completed', `the run ended ${status}`);
    expectThat(waitedMs < FINISHED_WITHIN_MS, `the run ended after ${waitedMs} ms`);
    expectThat((await allFigures(copy.db)) === figures, 'other figures');
    const before = await rowsOf(copy.db);
    frozen.child.kill('SIGCONT');
    const worksOn = await run(copy.db, 'ping', { nonce: 'after the thaw' });
    expectThat(worksOn.status === 'completed', 'it no longer works');
    // A round of its timers later whatever it had begun has been refused.
    const rounds = roundsOf(frozen.statements());
    await until('its timers have gone round', () => roundsOf(frozen.statements()) > rounds + 1);
    const after = await rowsOf(copy.db);
    for (const [table, rows] of Object.entries(before)) expectThat(after[table] === rows, `it wrote to ${table}`);
    expectThat(frozen.child.exitCode === null, 'it ended');
  } finally {
    await frozen.kill('SIGKILL');
    await copy.close();
  }
  return findings;
}

/** Another worker does the run and is gone before the first one wakes. */
async function finishWithout(db: Db, env: Readonly<Record<string, string>>, jobId: string): Promise<void> {
  const successor = spawnWorker(env);
  try {
    await ended(db, jobId, 60_000);
  } finally {
    await successor.kill('SIGKILL');
  }
}

function roundsOf(statements: readonly string[]): number {
  return statements.filter((name) => name === 'rescueJobs: COMMIT').length;
}

const TABLES =
  'portfolios positions imports portfolio_snapshots position_values option_marks price_bars corporate_actions missing_bars securities calculation_claims schedule_ticks jobs'.split(
    ' ',
  );

/** Every row with the transaction that wrote it and its place: equal only when nothing was written, not even the same again. */
async function rowsOf(db: Db): Promise<Readonly<Record<string, string>>> {
  const entries = TABLES.map(async (table): Promise<[string, string]> => {
    const own = table === 'jobs' ? `WHERE kind <> 'ping'` : '';
    const { rows } = await db.pool.query<{ sum: string }>(
      `SELECT count(*) || ' ' || coalesce(md5(string_agg(xmin::text || ctid::text || t::text, ';' ORDER BY ctid)), '') AS sum FROM ${table} t ${own}`,
    );
    return [table, rows[0]!.sum];
  });
  return Object.fromEntries(await Promise.all(entries));
}
