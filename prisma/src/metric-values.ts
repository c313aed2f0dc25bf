// Metrics of all processes in one table. Each process adds what it has counted every few seconds; one that is killed loses only that.
import { METRICS, type HistogramName, type Metrics } from '@closebell/shared/metrics';
import type { Db, Queryable } from './client.js';

export type MetricStore = Metrics &
  Readonly<{
    /** Writes what was counted since the last time; keeps it when the database is away. */
    flush: () => Promise<void>;
    /** Flushes a last time, takes the gauges of this process back, and stops. */
    close: () => Promise<void>;
  }>;

type Labels = Readonly<Record<string, string>>;

export type MetricRow = Readonly<{
  /** Of a histogram with the ending _bucket, _sum or _count. */
  name: string;
  labels: Labels;
  /** The process that a gauge is of; '' for what all processes count together. */
  instance: string;
  value: number;
}>;

const FLUSH_MS = 5_000;

/** `instance` names this process among those that report the same gauges. */
export function createMetricStore(db: Pick<Db, 'pool'>, instance: string): MetricStore {
  let counters = new Map<string, number>();
  let gauges = new Map<string, number>();
  let histograms = new Map<string, Observed>();
  const add = (key: string, by: number): void => void counters.set(key, (counters.get(key) ?? 0) + by);
  const flush = async (): Promise<void> => {
    for (const observed of histograms.values()) addObserved(observed, add);
    const [counted, gauged] = [counters, gauges];
    [counters, gauges, histograms] = [new Map(), new Map(), new Map()];
    try {
      await writeCounters(db.pool, counted);
      counted.clear();
      await writeGauges(db.pool, instance, gauged);
    } catch {
      // Counted again with what came meanwhile; gauges are reported anew anyway.
      for (const [key, by] of counted) add(key, by);
    }
  };
  const timer = setInterval(() => void flush(), FLUSH_MS);
  timer.unref();
  return {
    count: (name, labels, by = 1) => add(keyOf(name, labels), by),
    gauge: (name, labels, value) => void gauges.set(keyOf(name, labels), value),
    observe: (name, labels, seconds) => {
      const key = keyOf(name, labels);
      const observed = histograms.get(key) ?? nothingObserved(name, labels);
      histograms.set(key, observed);
      observed.seconds.push(seconds);
    },
    flush,
    close: async () => {
      clearInterval(timer);
      await flush();
      await dropGauges(db.pool, instance).catch(() => undefined);
    },
  };
}

/** Gauges of processes that have not reported for a minute are left out: those have ended. */
export async function readMetricValues(client: Queryable): Promise<readonly MetricRow[]> {
  const { rows } = await client.query<Omit<MetricRow, 'labels'> & { labels: string }>(
    `SELECT name, labels, instance, value FROM metric_values
     WHERE instance = '' OR updated_at > clock_timestamp() - interval '1 minute' ORDER BY name, labels, instance`,
  );
  return rows.map((row) => ({ ...row, labels: JSON.parse(row.labels) as Labels }));
}

type Observed = Readonly<{ name: HistogramName; labels: Labels; seconds: number[] }>;

function nothingObserved(name: HistogramName, labels: Labels): Observed {
  return { name, labels, seconds: [] };
}

/** Buckets are cumulative: a duration counts in each that it does not exceed. */
function addObserved({ name, labels, seconds }: Observed, add: (key: string, by: number) => void): void {
  for (const bucket of METRICS[name].bucketsSeconds) {
    const within = seconds.filter((each) => each <= bucket).length;
    if (within > 0) add(keyOf(`${name}_bucket`, { ...labels, le: String(bucket) }), within);
  }
  add(
    keyOf(`${name}_sum`, labels),
    seconds.reduce((sum, each) => sum + each, 0),
  );
  add(keyOf(`${name}_count`, labels), seconds.length);
}

/** A name and its labels as one text; the labels in order, so that equal ones are equal. */
function keyOf(name: string, labels: Labels): string {
  return `${name} ${JSON.stringify(Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))))}`;
}

/** In the order of the key: two processes that add to the same counters must not lock them crosswise. */
async function writeCounters(client: Queryable, counted: ReadonlyMap<string, number>): Promise<void> {
  if (counted.size === 0) return;
  await client.query(
    `INSERT INTO metric_values (name, labels, instance, value)
     SELECT name, labels, '', value FROM unnest($1::text[], $2::text[], $3::float8[]) AS added (name, labels, value) ORDER BY name, labels
     ON CONFLICT (name, labels, instance) DO UPDATE SET value = metric_values.value + EXCLUDED.value, updated_at = clock_timestamp()`,
    columnsOf(counted),
  );
}

async function writeGauges(client: Queryable, instance: string, gauged: ReadonlyMap<string, number>): Promise<void> {
  if (gauged.size === 0) return;
  await client.query(
    `INSERT INTO metric_values (name, labels, value, instance)
     SELECT name, labels, value, $4 FROM unnest($1::text[], $2::text[], $3::float8[]) AS reported (name, labels, value)
     ON CONFLICT (name, labels, instance) DO UPDATE SET value = EXCLUDED.value, updated_at = clock_timestamp()`,
    [...columnsOf(gauged), instance],
  );
}

/** This process's own, and what killed ones left behind. */
async function dropGauges(client: Queryable, instance: string): Promise<void> {
  await client.query(
    `DELETE FROM metric_values WHERE instance = $1 OR (instance <> '' AND updated_at < clock_timestamp() - interval '1 hour')`,
    [instance],
  );
}

function columnsOf(values: ReadonlyMap<string, number>): [names: string[], labels: string[], values: number[]] {
  const keys = [...values.keys()].map((key) => [key.slice(0, key.indexOf(' ')), key.slice(key.indexOf(' ') + 1)] as const);
  return [keys.map(([name]) => name), keys.map(([, labels]) => labels), [...values.values()]];
}
