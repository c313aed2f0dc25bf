// Requests at a steady rate, and how long their answers took. A request counts from the moment it was due, so that a server that falls
// behind cannot slow the questions down.
import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export type LoadAnswer = Readonly<{ status: number; headers: IncomingHttpHeaders; body: string }>;
export type Send = (
  path: string,
  options?: Readonly<{ method?: string; headers?: Readonly<Record<string, string>> }>,
) => Promise<LoadAnswer>;

/** Keeps its connections open between requests. */
export function createClient(url: string, { socketsMax = 200 } = {}): Readonly<{ send: Send; close: () => void }> {
  const agent = new Agent({ keepAlive: true, maxSockets: socketsMax });
  const send: Send = (path, { method = 'GET', headers = {} } = {}) =>
    new Promise((resolve, reject) => {
      const request = httpRequest(url + path, { agent, method, headers }, (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => (body += part));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
        response.on('error', reject);
      });
      request.on('error', reject);
      request.end();
    });
  return { send, close: () => agent.destroy() };
}

export type LoadReport = Readonly<{
  /** How many answers had each status; 0 counts requests that got none. */
  statuses: Readonly<Record<number, number>>;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
}>;

const TICK_MS = 2;

export async function sendAtRate(
  { perSecond, seconds }: Readonly<{ perSecond: number; seconds: number }>,
  send: (place: number) => Promise<LoadAnswer>,
): Promise<LoadReport> {
  const took: number[] = [];
  const statuses: Record<number, number> = {};
  const answers: Promise<void>[] = [];
  const startedAt = performance.now();
  const ask = async (place: number): Promise<void> => {
    const dueAt = startedAt + (place * 1_000) / perSecond;
    const status = await send(place).then(
      (answer) => answer.status,
      () => 0,
    );
    took.push(performance.now() - dueAt);
    statuses[status] = (statuses[status] ?? 0) + 1;
  };
  const total = perSecond * seconds;
  while (answers.length < total) {
    const due = Math.min(total, Math.floor(((performance.now() - startedAt) * perSecond) / 1_000) + 1);
    while (answers.length < due) answers.push(ask(answers.length));
    await sleep(TICK_MS);
  }
  await Promise.all(answers);
  return { statuses, perSecond: total / ((performance.now() - startedAt) / 1_000), ...quantiles(took) };
}

/** Of durations in milliseconds, rounded to a tenth. */
export function quantiles(tookMs: readonly number[]): Pick<LoadReport, 'p50Ms' | 'p99Ms' | 'maxMs'> {
  const ordered = tookMs.toSorted((a, b) => a - b);
  const at = (part: number) =>
    Math.round((ordered[Math.min(ordered.length - 1, Math.floor(part * ordered.length))] ?? 0) * 10) / 10;
  return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}
