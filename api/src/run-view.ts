// A run's rows as its pollers see them: one status, one list of phases, one measure of progress. Pure.
import type { RunPhase, RunProgress } from '@closebell/shared/contracts/run';
import type { JobKind, JobStatus } from '@closebell/shared/jobs';
import type { JobPhase, JobProgress, JobRow } from '@closebell/prisma/jobs';
import type { Run, RunPart, RunRoot } from '@closebell/prisma/runs';

const PHASE_COUNT = 7;
/** The phases of a batch before its chunks, and those the chunks share. */
const CHUNKS_FROM_PHASE = 3;

/** What every view of a run shows. `calculation_date` is null for kinds that are about no session. */
export function viewRun({ root, children, elapsedSeconds }: Run) {
  const status = statusOf(root);
  const phases = mergePhases([...children, root]);
  // Whole seconds while it runs: what is shown changes at most once a second, and polls in between are answered 304.
  const shownSeconds = isEnded(status) ? Math.round(elapsedSeconds * 1000) / 1000 : Math.floor(elapsedSeconds);
  return {
    batch_run_id: root.id,
    status,
    triggered_by: root.trigger,
    calculation_date: typeof root.payload['sessionDate'] === 'string' ? root.payload['sessionDate'] : null,
    queued_at: root.created_at.toISOString(),
    started_at: root.started_at?.toISOString() ?? null,
    finished_at: root.finished_at?.toISOString() ?? null,
    elapsed_seconds: shownSeconds,
    progress: progressOf({ root, children, elapsedSeconds: shownSeconds }, phases, status),
    phases: phases.map(viewPhase),
    result: root.result,
  };
}

/** A root that waits for another turn after it has started still runs, as its owner sees it: a status never goes back. */
export function statusOf(root: Pick<RunRoot, 'status' | 'started_at'>): JobStatus {
  return root.status === 'queued' && root.started_at !== null ? 'running' : root.status;
}

export function isEnded(status: JobStatus): boolean {
  return status !== 'queued' && status !== 'running';
}

/** The phases of all rows in one list; where several rows did a part of the same phase, their counts add up. */
export function mergePhases(jobs: readonly Pick<JobRow, 'phases'>[]): readonly JobPhase[] {
  const byNumber = new Map<number, JobPhase>();
  for (const phase of jobs.flatMap(({ phases }) => phases)) {
    const before = byNumber.get(phase.number);
    byNumber.set(phase.number, before ? addPhases(before, phase) : phase);
  }
  return [...byNumber.values()].sort((a, b) => a.number - b.number);
}

/** What is not over outranks what failed, and that what went well. */
const STATUS_RANK: readonly JobPhase['status'][] = ['running', 'failed', 'partial', 'completed'];

function addPhases(a: JobPhase, b: JobPhase): JobPhase {
  const counts: Record<string, number> = { ...a.counts };
  for (const [name, count] of Object.entries(b.counts)) counts[name] = (counts[name] ?? 0) + count;
  return {
    ...a,
    status: STATUS_RANK.find((status) => status === a.status || status === b.status) ?? a.status,
    started_at: a.started_at < b.started_at ? a.started_at : b.started_at,
    duration_ms: a.duration_ms === null || b.duration_ms === null ? null : Math.max(a.duration_ms, b.duration_ms),
    counts,
  };
}

function viewPhase({ number, name, status, duration_ms: durationMs, counts }: JobPhase): RunPhase {
  return { number, name, status, duration_seconds: durationMs === null ? null : durationMs / 1000, counts: { ...counts } };
}

function progressOf({ root, children, elapsedSeconds }: Run, phases: readonly JobPhase[], status: JobStatus): RunProgress {
  const reported = [...children, root].map((job) => job.progress).filter((progress) => progress !== null);
  const current = reported[0] ?? null;
  const running = phases.find((phase) => phase.status === 'running') ?? null;
  const percent = percentOf(reachedPhase(root.kind, phases, { children, reported }), status);
  return {
    percent,
    phase: current?.phase ?? running?.number ?? null,
    phase_name: current?.phase_name ?? running?.name ?? null,
    done: current?.done ?? 0,
    total: current?.total ?? 0,
    unit: current?.unit ?? null,
    eta_seconds: isEnded(status) || percent === 0 ? null : Math.ceil((elapsedSeconds * (100 - percent)) / percent),
  };
}

/** A run that is not over never shows 100, and one that failed shows how far it came. */
function percentOf(reached: number, status: JobStatus): number {
  if (status === 'completed' || status === 'partial') return 100;
  return Math.min(99, Math.floor((reached / PHASE_COUNT) * 100));
}

/** How many phases lie behind the run, in parts of a phase: from 0 to 7. Phases that a run leaves out count as done. */
function reachedPhase(
  kind: JobKind,
  phases: readonly JobPhase[],
  { children, reported }: Readonly<{ children: readonly RunPart[]; reported: readonly JobProgress[] }>,
): number {
  const chunks = children.filter(({ kind }) => kind === 'calculate-chunk');
  if (chunks.length > 0) {
    const ended = chunks.filter(({ status }) => isEnded(status)).length;
    return CHUNKS_FROM_PHASE + (PHASE_COUNT - CHUNKS_FROM_PHASE) * (ended / chunks.length);
  }
  const behind = phases.map(({ number, status }) => (status === 'running' ? number : number + 1));
  const reached = Math.max(0, ...reported.map((progress) => progress.reached ?? 0), ...behind);
  // What a batch works out for all portfolios beforehand belongs to a late phase, and their figures are still to come.
  return kind === 'run-batch' ? Math.min(reached, CHUNKS_FROM_PHASE) : reached;
}
