// A circuit per provider and kind of data, shared by all workers: after some failures in a row nobody asks for a while; then one request
// tries. No row, or one without retry_at: closed. By the database's clock.
import type { Capability, RefusalStatus } from '@closebell/shared/market-data/provider';
import type { Queryable } from './client.js';

/** Failures in a row that open a circuit. */
export const FAILURES_MAX = 5;
/** The first rest; each try that fails doubles it. */
const REST_SECONDS = 30;
const REST_SECONDS_MAX = 15 * 60;
/** A key that was refused is not mended by asking again soon. */
const REFUSED_KEY_SECONDS = 60 * 60;
/** Longer than any answer takes; a worker that is killed while it tries keeps the others waiting no longer. */
const PROBE_SECONDS = 60;

/** A failure that says something about the provider, not about what it was asked for. */
export type FailureStatus = Exclude<RefusalStatus, 'no_data' | 'unknown_symbol'>;

export type OpenCircuit = Readonly<{
  retryAt: Date;
  failures: number;
  status: FailureStatus;
  lastError: string;
  /** The rest is over, and somebody's request is under way that tells for all. */
  isTried: boolean;
}>;

/** Null: go and ask, and report what came of it. Half-open, only one caller gets null, until it reports. */
export async function passCircuit(client: Queryable, provider: string, capability: Capability): Promise<OpenCircuit | null> {
  const { rows } = await client.query<OpenCircuit & { isDue: boolean }>(
    `SELECT greatest(retry_at, probe_until) AS "retryAt", failures, last_error_status AS status, last_error AS "lastError",
       greatest(retry_at, probe_until) <= clock_timestamp() AS "isDue", retry_at <= clock_timestamp() AS "isTried"
     FROM provider_circuits WHERE provider = $1 AND capability = $2 AND retry_at IS NOT NULL`,
    [provider, capability],
  );
  const [open] = rows;
  if (open === undefined || (open.isDue && (await beginProbe(client, provider, capability)))) return null;
  return open;
}

async function beginProbe(client: Queryable, provider: string, capability: Capability): Promise<boolean> {
  const { rowCount } = await client.query(
    `UPDATE provider_circuits SET probe_until = clock_timestamp() + make_interval(secs => ${PROBE_SECONDS})
     WHERE provider = $1 AND capability = $2 AND greatest(retry_at, probe_until) <= clock_timestamp()`,
    [provider, capability],
  );
  return rowCount === 1;
}

/** It answered what can be used, be it that it has nothing: the circuit closes. */
export async function noteAnswer(client: Queryable, provider: string, capability: Capability): Promise<void> {
  await client.query(
    `INSERT INTO provider_circuits (provider, capability, last_ok_at) VALUES ($1, $2, clock_timestamp())
     ON CONFLICT (provider, capability) DO UPDATE SET failures = 0, retry_at = NULL, probe_until = NULL, last_ok_at = EXCLUDED.last_ok_at`,
    [provider, capability],
  );
}

/** One more failure. Those of requests that were under way when the circuit opened do not keep it open longer. */
export async function noteFailure(
  client: Queryable,
  provider: string,
  capability: Capability,
  { status, reason }: Readonly<{ status: FailureStatus; reason: string }>,
): Promise<void> {
  await client.query(
    `INSERT INTO provider_circuits AS circuit (provider, capability, failures, retry_at, last_error_at, last_error_status, last_error)
     VALUES ($1, $2, 1, CASE WHEN $3 = 'unauthorized' THEN clock_timestamp() + ${REFUSED_KEY} END, clock_timestamp(), $3, $4)
     ON CONFLICT (provider, capability) DO UPDATE SET
       failures = circuit.failures + CASE WHEN circuit.retry_at > clock_timestamp() THEN 0 ELSE 1 END,
       retry_at = CASE WHEN $3 = 'unauthorized' THEN clock_timestamp() + ${REFUSED_KEY}
         WHEN circuit.retry_at > clock_timestamp() THEN circuit.retry_at
         WHEN circuit.retry_at IS NOT NULL OR circuit.failures + 1 >= ${FAILURES_MAX} THEN clock_timestamp() + ${REST} END,
       probe_until = NULL, last_error_at = EXCLUDED.last_error_at, last_error_status = EXCLUDED.last_error_status,
       last_error = EXCLUDED.last_error`,
    [provider, capability, status, reason],
  );
}

const REFUSED_KEY = `make_interval(secs => ${REFUSED_KEY_SECONDS})`;
// The exponent is bounded as well: a provider that is gone for good would overflow the power.
const REST = `make_interval(secs => least(${REST_SECONDS_MAX}, ${REST_SECONDS} * 2 ^ least(greatest(circuit.failures + 1 - ${FAILURES_MAX}, 0), 10)))`;

/** For the start of a worker, which is what follows a change of keys: those refused are tried once more. */
export async function forgetRefusedKeys(client: Queryable): Promise<void> {
  await client.query(
    `UPDATE provider_circuits SET failures = 0, retry_at = NULL, probe_until = NULL
     WHERE retry_at IS NOT NULL AND last_error_status = 'unauthorized'`,
  );
}

export type ProviderCircuitRow = Readonly<{
  provider: string;
  capability: Capability;
  state: 'closed' | 'open' | 'half_open';
  failures: number;
  retryAt: Date | null;
  lastOkAt: Date | null;
  lastErrorAt: Date | null;
  lastErrorStatus: FailureStatus | null;
  lastError: string | null;
}>;

export async function listProviderCircuits(client: Queryable): Promise<readonly ProviderCircuitRow[]> {
  const { rows } = await client.query<ProviderCircuitRow>(
    `SELECT provider, capability, failures, retry_at AS "retryAt", last_ok_at AS "lastOkAt", last_error_at AS "lastErrorAt",
       last_error_status AS "lastErrorStatus", last_error AS "lastError",
       CASE WHEN retry_at IS NULL THEN 'closed' WHEN retry_at > clock_timestamp() THEN 'open' ELSE 'half_open' END AS state
     FROM provider_circuits ORDER BY provider, capability`,
  );
  return rows;
}
