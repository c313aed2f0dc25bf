// Every metric on one page. /metrics shows them all; what is counted in any process ends up in one place.
import { PROVIDER_NAMES } from './config.js';
import { JOB_KINDS, JOB_STATUSES, type JobKind } from './jobs.js';

type CounterDefinition = Readonly<{
  type: 'counter';
  help: string;
  labels: readonly string[];
  /** Series that stand at 0 before anything is counted: a rate doesn't see what a series begins with. */
  fromZero: readonly Readonly<Record<string, string>>[];
}>;
type GaugeDefinition = Readonly<{ type: 'gauge'; help: string; labels: readonly string[] }>;
type HistogramDefinition = Readonly<{
  type: 'histogram';
  help: string;
  labels: readonly string[];
  bucketsSeconds: readonly number[];
}>;

const counter = <const L extends readonly string[]>(
  help: string,
  labels: L,
  fromZero: readonly Readonly<Record<L[number], string>>[] = [],
) => ({ type: 'counter', help, labels, fromZero }) as const;
const gauge = <const L extends readonly string[]>(help: string, labels: L) => ({ type: 'gauge', help, labels }) as const;
const histogram = <const L extends readonly string[]>(help: string, labels: L, bucketsSeconds: readonly number[]) =>
  ({ type: 'histogram', help, labels, bucketsSeconds }) as const;

/** From a cached calculation to the longest night, each step about three times the one before. */
const WORK_SECONDS = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 120, 600];
/** From an answer out of memory to an upload that waits for its import. */
const ANSWER_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

const ENDS = JOB_STATUSES.filter((status) => status !== 'queued' && status !== 'running');
export const PROVIDER_OUTCOMES = [
  'ok',
  'no_data',
  'unknown_symbol',
  'rate_limited',
  'unauthorized',
  'garbage',
  'unavailable',
] as const;

/** Counted where it happens, by `Metrics`. */
export const METRICS = {
  closebell_jobs_submitted_total: counter('Jobs accepted', ['kind'], eachKind()),
  closebell_jobs_deduplicated_total: counter(
    'Submits that found their job live already: duplicates prevented',
    ['kind'],
    eachKind(),
  ),
  closebell_jobs_ended_total: counter(
    'Jobs that ended',
    ['kind', 'status'],
    ENDS.flatMap((status) => eachKind().map(({ kind }) => ({ kind, status }))),
  ),
  closebell_jobs_retried_total: counter('Tries that failed and were put back in the queue', ['kind', 'code']),
  closebell_jobs_taken_over_total: counter('Running jobs whose lease ran out and that went back to the queue', []),
  closebell_jobs_given_up_total: counter('Running jobs stopped because they lost their worker at every try', []),
  closebell_jobs_rescued_total: counter('Queued jobs that the queue had lost and that were enqueued again', []),
  closebell_job_seconds: histogram('From the start of a try to its end', ['kind'], WORK_SECONDS),
  closebell_phase_seconds: histogram('Duration of a phase of a calculation', ['phase'], WORK_SECONDS),
  closebell_provider_requests_total: counter(
    'Requests to market data providers',
    ['provider', 'outcome'],
    PROVIDER_NAMES.flatMap((provider) => PROVIDER_OUTCOMES.map((outcome) => ({ provider, outcome }))),
  ),
  closebell_bars_inserted_total: counter('Price bars stored', []),
  closebell_bars_quarantined_total: counter(
    'Price bars held back because they cannot be or nothing explains them, each once as long as its close stays the same',
    ['provider'],
    PROVIDER_NAMES.map((provider) => ({ provider })),
  ),
  closebell_registrations_total: counter('Accounts made', []),
  closebell_portfolios_created_total: counter('Portfolios made', []),
  closebell_csv_errors_total: counter('Faults found in uploads, of files and of rows', ['code']),
  closebell_http_requests_total: counter('Requests answered, or aborted by the client', ['method', 'status']),
  closebell_http_request_seconds: histogram('Time to answer a request', ['method'], ANSWER_SECONDS),
  closebell_event_loop_delay_p99_seconds: gauge('99th percentile of the delay of the main thread, since the last report', [
    'process',
  ]),
  closebell_resident_memory_bytes: gauge('Resident memory', ['process']),
} as const satisfies Readonly<Record<`closebell_${string}`, CounterDefinition | GaugeDefinition | HistogramDefinition>>;

/** Read from the database when /metrics is asked: the same whichever process answers. */
export const LIVE_GAUGES = {
  closebell_queue_depth: gauge('Live jobs', ['kind', 'status']),
  closebell_queue_oldest_age_seconds: gauge('How long the oldest queued job has been due; 0 when none is', ['kind']),
  closebell_runs: gauge('Live runs: trees of jobs, each counted once', ['status']),
  closebell_leases: gauge('Running jobs by their lease: held, expired (about to be taken over), waiting for children', ['state']),
  closebell_batch_running_seconds: gauge('How long the batch that runs has been running; 0 when none does', []),
  closebell_batch_last_duration_seconds: gauge('From start to end of the batch that ended last', []),
  closebell_provider_circuit_open: gauge('1 while a provider is not asked because it kept failing or refused its key, else 0', [
    'provider',
    'capability',
  ]),
  closebell_processes: gauge('Processes that reported within the last minute', ['process']),
} as const satisfies Readonly<Record<`closebell_${string}`, GaugeDefinition>>;

export type MetricName = keyof typeof METRICS;
export type LiveGaugeName = keyof typeof LIVE_GAUGES;
type OfType<T extends string> = { [N in MetricName]: (typeof METRICS)[N]['type'] extends T ? N : never }[MetricName];
type LabelsOf<N extends MetricName> = Readonly<Record<(typeof METRICS)[N]['labels'][number], string>>;

export type CounterName = OfType<'counter'>;
export type GaugeName = OfType<'gauge'>;
export type HistogramName = OfType<'histogram'>;

/** Never throws and never waits: a figure about the work must not disturb the work. */
export type Metrics = Readonly<{
  count: <N extends CounterName>(name: N, labels: LabelsOf<N>, by?: number) => void;
  gauge: <N extends GaugeName>(name: N, labels: LabelsOf<N>, value: number) => void;
  observe: <N extends HistogramName>(name: N, labels: LabelsOf<N>, seconds: number) => void;
}>;

/** Counts a submit: of a new job, or one that found its job live. */
export function countSubmit(metrics: Metrics, kind: JobKind, created: boolean): void {
  metrics.count(created ? 'closebell_jobs_submitted_total' : 'closebell_jobs_deduplicated_total', { kind });
}

function eachKind(): readonly Readonly<{ kind: JobKind }>[] {
  return JOB_KINDS.map((kind) => ({ kind }));
}
