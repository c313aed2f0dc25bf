// One trial: a worker is killed at a point of its run, another takes over unattended, and everything is as if nothing had been.
import { setTimeout as sleep } from 'node:timers/promises';
import { pointsOf, pointText, spawnFaultyWorker, type FaultPoint, type Points } from './fault-points.js';
import { allFigures, computeAgain, createScene, remains, type Scene, type SceneCopy, type SceneKind } from './fault-scenes.js';
import { ended, spawnWorker } from './worker.js';

/** Chunks that race share what the first one does, so that a point of the rehearsal may be no other run's. The successor works as ever. */
const ONE_AFTER_ANOTHER = { WORKER_CONCURRENCY: '1', WORKER_THREADS: '1' };

/** A scene with its points and what it must come to. */
export type Rehearsed = Readonly<{ scene: Scene; points: Points; figures: string; recomputed: string }>;

/** One clean run by one worker. An import has no figures of its own: they are those of a calculation afterwards. */
export async function rehearse(kind: SceneKind, backend: Readonly<Record<string, string>> = {}): Promise<Rehearsed> {
  const scene = await createScene(kind);
  const copy = await scene.copy();
  const worker = await spawnFaultyWorker({ ...copy.env, ...backend, ...ONE_AFTER_ANOTHER }, null);
  try {
    await ended(copy.db, scene.jobId, 60_000);
    const points = pointsOf(worker.statements());
    const left = await remains(copy.db, scene);
    if (left.length > 0) throw new Error(`the clean ${kind} left ${left.join(', ')}`);
    const figures = await allFigures(copy.db);
    await computeAgain(copy.db);
    return { scene, points, figures, recomputed: await allFigures(copy.db) };
  } finally {
    await worker.kill('SIGKILL');
    await copy.close();
  }
}

export type Trial = Readonly<{
  kind: SceneKind;
  point: string;
  /** Empty when all is well. */
  faults: readonly string[];
  /** The point was not met: only points of timers may be missed. */
  isMissed: boolean;
  /** From the kill to the end of the run, a process being started in between. */
  recoveryMs: number;
}>;

export async function killAt(
  rehearsed: Rehearsed,
  point: FaultPoint,
  backend: Readonly<Record<string, string>> = {},
): Promise<Trial> {
  const { scene } = rehearsed;
  const copy = await scene.copy();
  const env = { ...copy.env, ...backend };
  try {
    const isMissed = !(await strike(copy, scene, env, point));
    const killedAt = performance.now();
    const successor = spawnWorker(env);
    try {
      await ended(copy.db, scene.jobId, 120_000);
      const recoveryMs = performance.now() - killedAt;
      return { kind: scene.kind, point: pointText(point), faults: await judge(rehearsed, copy), isMissed, recoveryMs };
    } finally {
      await successor.kill('SIGKILL');
    }
  } catch (error) {
    return { kind: scene.kind, point: pointText(point), faults: [String(error)], isMissed: false, recoveryMs: 0 };
  } finally {
    await copy.close();
  }
}

/** Whether the worker met the point and died there, before its run had ended. */
async function strike(
  { db }: SceneCopy,
  { jobId }: Scene,
  env: Readonly<Record<string, string>>,
  point: FaultPoint,
): Promise<boolean> {
  const worker = await spawnFaultyWorker({ ...env, ...ONE_AFTER_ANOTHER }, { point, does: 'kill' });
  const runEnded = ended(db, jobId, 30_000).then(
    // What a run does last comes after its end is written.
    () => sleep(AFTER_THE_END_MS),
    () => undefined,
  );
  await Promise.race([worker.gone, runEnded]);
  if (worker.child.signalCode === 'SIGKILL') return true;
  await worker.kill('SIGKILL');
  return false;
}

const AFTER_THE_END_MS = 1_000;

async function judge({ scene, figures, recomputed }: Rehearsed, { db }: SceneCopy): Promise<readonly string[]> {
  const faults = [...(await remains(db, scene))];
  if ((await allFigures(db)) !== figures) faults.push('other figures');
  await computeAgain(db);
  if ((await allFigures(db)) !== recomputed) faults.push('other figures when computed again');
  return faults;
}

/** `count` at a time, in order; no failure stops the others. */
export async function severalAtOnce<T, R>(
  count: number,
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const waiting = [...items.entries()];
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) results[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: count }, lane));
  return results;
}
