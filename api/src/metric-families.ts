// Rows of the database as families of series, the way Prometheus writes them.
import type { MetricRow } from '@closebell/prisma/metric-values';
import type { QueueDepth } from '@closebell/prisma/queue-depth';
import type { ProviderCircuitRow } from '@closebell/prisma/provider-circuits';
import { JOB_KINDS } from '@closebell/shared/jobs';
import { LIVE_GAUGES, METRICS, type HistogramName, type LiveGaugeName, type MetricName } from '@closebell/shared/metrics';

type Labels = Readonly<Record<string, string>>;
type Series = Readonly<{ labels: Labels; value: number; metricName?: string }>;

export type MetricFamily = Readonly<{
  name: string;
  help: string;
  type: 'counter' | 'gauge' | 'histogram';
  values: readonly Series[];
}>;

/** Every metric that processes report; a counter without labels, or with known ones, stands at 0 before its first count. */
export function storedFamilies(rows: readonly MetricRow[]): readonly MetricFamily[] {
  return (Object.keys(METRICS) as MetricName[]).map((name) => {
    const { help, type } = METRICS[name];
    return { name, help, type, values: seriesOf(name, rows) };
  });
}

function seriesOf(name: MetricName, rows: readonly MetricRow[]): readonly Series[] {
  const definition = METRICS[name];
  const own = rows.filter((row) => row.name === name);
  if (definition.type === 'histogram') return bucketsOf(name as HistogramName, rows);
  // `instance` would be taken for the address that was scraped.
  if (definition.type === 'gauge')
    return own.map(({ labels, instance, value }) => ({ labels: { ...labels, reporter: instance }, value }));
  const counted = new Set(own.map(({ labels }) => textOf(labels)));
  const fromZero: readonly Labels[] = definition.labels.length === 0 ? [{}] : definition.fromZero;
  const uncounted = fromZero.filter((labels) => !counted.has(textOf(labels)));
  return [...own.map(({ labels, value }) => ({ labels, value })), ...uncounted.map((labels) => ({ labels, value: 0 }))];
}

function bucketsOf(name: HistogramName, rows: readonly MetricRow[]): readonly Series[] {
  const valueOf = new Map(rows.map((row) => [`${row.name} ${textOf(row.labels)}`, row.value]));
  return rows
    .filter((row) => row.name === `${name}_count`)
    .flatMap(({ labels, value: count }) => {
      let within = 0;
      const buckets = METRICS[name].bucketsSeconds.map((bucket) => {
        const le = { ...labels, le: String(bucket) };
        // Never less than the bucket before: one that a later version has added begins with what it was not there to see.
        within = Math.max(within, valueOf.get(`${name}_bucket ${textOf(le)}`) ?? 0);
        return { metricName: `${name}_bucket`, labels: le, value: within };
      });
      return [
        ...buckets,
        { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: count },
        { metricName: `${name}_sum`, labels, value: valueOf.get(`${name}_sum ${textOf(labels)}`) ?? 0 },
        { metricName: `${name}_count`, labels, value: count },
      ];
    });
}

/** Equal for equal labels, in whatever order they are named. */
function textOf(labels: Labels): string {
  return Object.entries(labels)
    .map(([label, value]) => `${label} ${value}`)
    .sort((a, b) => (a < b ? -1 : 1))
    .join('\n');
}

export type LiveState = Readonly<{
  depth: readonly QueueDepth[];
  stored: readonly MetricRow[];
  circuits: readonly ProviderCircuitRow[];
  /** Null before the first batch has ended. */
  lastBatchSeconds: number | null;
}>;

export function liveFamilies({ depth, stored, circuits, lastBatchSeconds }: LiveState): readonly MetricFamily[] {
  const sum = (value: (row: QueueDepth) => number): number => depth.reduce((total, row) => total + value(row), 0);
  const find = (kind: string, status: string): QueueDepth | undefined =>
    depth.find((row) => row.kind === kind && row.status === status);
  const batches = depth.filter(({ kind }) => kind === 'run-batch').map((row) => row.running_seconds);
  const values: Readonly<Record<LiveGaugeName, readonly Series[]>> = {
    closebell_queue_depth: JOB_KINDS.flatMap((kind) =>
      ['queued', 'running'].map((status) => ({ labels: { kind, status }, value: find(kind, status)?.jobs ?? 0 })),
    ),
    closebell_queue_oldest_age_seconds: JOB_KINDS.map((kind) => ({
      labels: { kind },
      value: find(kind, 'queued')?.oldest_seconds ?? 0,
    })),
    closebell_runs: [
      { labels: { status: 'queued' }, value: sum((row) => row.runs_queued) },
      { labels: { status: 'running' }, value: sum((row) => row.runs_running) },
    ],
    closebell_leases: [
      { labels: { state: 'held' }, value: sum((row) => row.leases_held) },
      { labels: { state: 'expired' }, value: sum((row) => row.leases_expired) },
      { labels: { state: 'waiting' }, value: sum((row) => row.waiting_for_children) },
    ],
    closebell_batch_running_seconds: [{ labels: {}, value: Math.max(0, ...batches) }],
    closebell_batch_last_duration_seconds: lastBatchSeconds === null ? [] : [{ labels: {}, value: lastBatchSeconds }],
    closebell_provider_circuit_open: circuits.map(({ provider, capability, state }) => ({
      labels: { provider, capability },
      value: state === 'open' ? 1 : 0,
    })),
    closebell_processes: ['api', 'worker'].map((process) => ({ labels: { process }, value: countProcesses(stored, process) })),
  };
  return (Object.keys(LIVE_GAUGES) as LiveGaugeName[]).map((name) => ({ name, ...LIVE_GAUGES[name], values: values[name] }));
}

/** Every process reports its memory. */
function countProcesses(stored: readonly MetricRow[], process: string): number {
  return stored.filter(({ name, labels }) => name === 'closebell_resident_memory_bytes' && labels['process'] === process).length;
}
