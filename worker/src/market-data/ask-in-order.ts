// The order of providers, for every kind of data: the first that has an answer gives it, and what came of the others is kept.
import type { Answer, MarketDataProvider, Refusal, RefusalStatus } from '@closebell/shared/market-data/provider';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkerContext } from '../context.js';

/** What came of asking one provider; the reason is null when it answered. */
export type FetchAttempt = Readonly<{
  provider: string;
  status: 'ok' | RefusalStatus;
  reason: string | null;
  at: Date;
  /** When a provider with a rate limit can be asked again, where it is known. */
  retryAt: Date | null;
}>;

/** What all of them say about what was asked for: `unavailable` when one that could know it could not be asked, or made no sense. */
export type Verdict = 'no_data' | 'unknown_symbol' | 'unavailable';

/** `attempts` holds every provider that was or would have been asked, in order. */
export type Answered<T> =
  | Readonly<{ status: 'ok'; provider: string; value: T; attempts: readonly FetchAttempt[] }>
  | Readonly<{ status: Verdict; attempts: readonly FetchAttempt[] }>;

/** Spent on waiting for one provider with a rate limit; after that the next is asked. */
const PATIENCE_MS = 5_000;
/** Whoever says to come back at once is not asked in a tight circle. */
const WAIT_MS_MIN = 500;

/**
 * Asks one provider after the other. `ask` gives null for a provider without the capability. Counts every request that is made. Rejects with
 * the signal's reason once it is aborted, and with what `ask` rejects with.
 */
export async function askInOrder<T>(
  { providers, metrics }: Pick<WorkerContext, 'providers' | 'metrics'>,
  ask: (provider: MarketDataProvider) => Promise<Answer<T>> | null,
  signal: AbortSignal,
): Promise<Answered<T>> {
  const attempts: FetchAttempt[] = [];
  for (const provider of providers) {
    const answer = await askPatiently(metrics, provider, ask, signal);
    if (answer === null) continue;
    attempts.push(attemptOf(provider, answer));
    if (answer.status === 'ok') return { status: 'ok', provider: provider.name, value: answer.value, attempts };
  }
  return { status: verdict(attempts), attempts };
}

async function askPatiently<T>(
  metrics: WorkerContext['metrics'],
  provider: MarketDataProvider,
  ask: (provider: MarketDataProvider) => Promise<Answer<T>> | null,
  signal: AbortSignal,
): Promise<Answer<T> | null> {
  for (let patienceMs = PATIENCE_MS; ;) {
    signal.throwIfAborted();
    const answer = await ask(provider);
    if (answer === null) return null;
    const wasAsked = answer.status === 'ok' || answer.notAsked !== true;
    if (wasAsked) metrics.count('closebell_provider_requests_total', { provider: provider.name, outcome: answer.status });
    const waitMs = answer.status === 'rate_limited' ? Math.max(answer.retryAfterMs ?? Infinity, WAIT_MS_MIN) : Infinity;
    if (waitMs > patienceMs) return answer;
    patienceMs -= waitMs;
    await pause(waitMs, signal);
  }
}

/** Rejects with the signal's reason as soon as it is aborted. */
export async function pause(waitMs: number, signal: AbortSignal): Promise<void> {
  await sleep(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
}

function attemptOf({ name: provider }: MarketDataProvider, answer: Readonly<{ status: 'ok' }> | Refusal): FetchAttempt {
  const at = new Date();
  if (answer.status === 'ok') return { provider, status: 'ok', reason: null, at, retryAt: null };
  const waitMs = answer.status === 'rate_limited' ? answer.retryAfterMs : null;
  const retryAt = waitMs === null ? null : new Date(at.getTime() + waitMs);
  return { provider, status: answer.status, reason: answer.reason, at, retryAt };
}

/**
 * One that may answer later outweighs one that has nothing, which outweighs one that never heard of the symbol. A provider whose key is
 * refused is no help for as long as that lasts, and so has no say beside others.
 */
function verdict(attempts: readonly FetchAttempt[]): Verdict {
  const able = attempts.filter(({ status }) => status !== 'unauthorized');
  const isAboutSymbol = ({ status }: FetchAttempt): boolean => status === 'no_data' || status === 'unknown_symbol';
  if (able.length === 0 || !able.every(isAboutSymbol)) return 'unavailable';
  return able.some(({ status }) => status === 'no_data') ? 'no_data' : 'unknown_symbol';
}
