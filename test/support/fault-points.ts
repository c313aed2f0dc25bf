// Where a worker can be struck: the statements one clean run of it sends, by name, and workers that are struck at one of them.
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT, spawnProgram, type Program } from './programs.js';

/** The nth sending of one statement, before it leaves or after the server's answer. */
export type FaultPoint = Readonly<{ name: string; occurrence: number; when: 'before' | 'after' }>;

export type Fault = Readonly<{
  point: FaultPoint;
  /** Signals to the worker's own process; 'wait' holds it there for 0.4 s at most, until `goOn`. */
  does: 'kill' | 'stop' | 'wait';
  /** Text that the statement's values must hold: then every occurrence counts that found a row. */
  holds?: string;
  /** The signal comes this much later, wherever the worker is then. */
  delayMs?: number;
  /** A file of `oneOf`: of the workers that share it, one is struck. */
  permit?: string;
}>;

export type FaultyWorker = Program &
  Readonly<{
    /** Every statement so far, in order. */
    statements: () => readonly string[];
    /** What the fault has written: the instant of its signal in ms, or 'waiting'. */
    noted: () => readonly string[];
    /** Ends a wait. */
    goOn: () => void;
  }>;

const PRELOAD = path.join(ROOT, 'test', 'faults', 'kill-points.mjs');

/** A worker as operators run it, that notes its statements and is struck at one of them. */
export async function spawnFaultyWorker(env: Readonly<Record<string, string>>, fault: Fault | null): Promise<FaultyWorker> {
  const folder = await mkdtemp(path.join(tmpdir(), 'closebell-faults-'));
  const [log, note, goOn] = ['statements', 'noted', 'go-on'].map((name) => path.join(folder, name)) as [string, string, string];
  await Promise.all([writeFile(log, ''), writeFile(note, '')]);
  const plan = fault && {
    point: { ...fault.point, holds: fault.holds ?? null },
    act: {
      does: fault.does,
      goOn,
      delayMs: fault.delayMs ?? 0,
      permit: fault.permit ?? null,
      note,
    },
  };
  const program = spawnProgram(['node', '--import', PRELOAD, 'worker/dist/main.js'], {
    env: { ENVIRONMENT: 'test', ...env, FAULT_PLAN: JSON.stringify({ log, point: null, act: null, ...plan }) },
    readyWhen: 'worker ready',
  });
  const linesOf = (file: string): readonly string[] => readFileSync(file, 'utf8').split('\n').slice(0, -1);
  void program.gone.then(() => setTimeout(() => void rm(folder, { recursive: true, force: true }), 60_000).unref());
  return { ...program, statements: () => linesOf(log), noted: () => linesOf(note), goOn: () => writeFileSync(goOn, '') };
}

/** The right to be struck, for one of several workers. */
export async function oneOf(): Promise<string> {
  const permit = path.join(tmpdir(), `closebell-permit-${randomUUID()}`);
  await writeFile(permit, '');
  return permit;
}

export type Points = Readonly<{
  /** Of the run itself, from the claim of its first job on; a statement that is sent again and again first, second and last. */
  steady: readonly FaultPoint[];
  /** Of timers and the queue, at instants of their own, first and second. */
  timed: readonly FaultPoint[];
}>;

/** Timers of every worker, and the library that carries entries. */
const TIMED = new Set(
  'relayDueJobs rescueJobs reEnqueueLost touchEnqueued dropEntries beat saveProgress firstTick submitTick writeCounters writeGauges listen queue redis'.split(
    ' ',
  ),
);
const CLAIM = 'claimJob:';
const FIRST_TIMER = 'relayDueJobs:';

export function pointsOf(statements: readonly string[]): Points {
  const counts = new Map<string, number>();
  const sinceClaim = new Set(statements.slice(statements.findIndex((name) => name.startsWith(CLAIM))));
  const sinceReady = new Set(statements.slice(statements.findIndex((name) => name.startsWith(FIRST_TIMER))));
  for (const name of statements) counts.set(name, (counts.get(name) ?? 0) + 1);
  const isTimed = (name: string): boolean => TIMED.has(name.slice(0, name.indexOf(':')));
  const names = [...counts.keys()];
  return {
    steady: names
      .filter((name) => !isTimed(name) && sinceClaim.has(name))
      .flatMap((name) => occurrences(name, [1, 2, counts.get(name)!], counts)),
    timed: names.filter((name) => isTimed(name) && sinceReady.has(name)).flatMap((name) => occurrences(name, [1, 2], counts)),
  };
}

function occurrences(name: string, wanted: readonly number[], counts: ReadonlyMap<string, number>): readonly FaultPoint[] {
  const numbers = [...new Set(wanted)].filter((occurrence) => occurrence <= counts.get(name)!);
  return numbers.flatMap((occurrence) => (['before', 'after'] as const).map((when) => ({ name, occurrence, when })));
}

/** FAULT_POINTS, a part of a point's text, picks some of them for a run while one looks for a fault. */
export function selected(points: readonly FaultPoint[]): readonly FaultPoint[] {
  return points.filter((point) => pointText(point).includes(process.env['FAULT_POINTS'] ?? ''));
}

export function pointText({ name, occurrence, when }: FaultPoint): string {
  return `${when} ${name} #${occurrence}`;
}
