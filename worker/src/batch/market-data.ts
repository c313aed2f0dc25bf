// Phase 1: the bars that a calculation needs and the database lacks. Only gaps are fetched, one request per symbol, the newest included.
import { recordFetchAttempts, type FetchAttemptRow } from '@closebell/prisma/fetch-attempts';
import type { JobHold } from '@closebell/prisma/job-runs';
import { findGaps, noteNoData, storeFetchedBars, type Gap } from '@closebell/prisma/price-inserts';
import type { Ledger } from '@closebell/prisma/ledger';
import { pause } from '../market-data/ask-in-order.js';
import { fetchDailyBars, type FetchedBars } from '../market-data/fetch-bars.js';
import type { WorkerContext } from '../context.js';
import { wantedSessions } from './wanted-sessions.js';

/** A symbol nobody knows may be listed one day. */
const UNKNOWN_RETRY_DAYS = 7;
const NO_DATA_RETRY_DAYS = 1;
const PARALLEL_FETCHES = 8;
/** Symbols that only a rate limit kept back are asked for again within this time; what is left then is for the next run. */
const RATE_LIMIT_PATIENCE_MS = 60_000;
const ATTEMPTS_AT_ONCE = 100;

export type FetchReport = Readonly<{
  symbols: number;
  requested: number;
  barsInserted: number;
  barsRevised: number;
  withoutData: readonly Readonly<{ symbol: string; reason: string }>[];
  warnings: readonly string[];
}>;

export type FetchRequest = Readonly<{
  ledgers: readonly Ledger[];
  targetSession: string;
  hold: JobHold;
  signal: AbortSignal;
  onProgress: (done: number, total: number) => void;
}>;

/** Never waits for a provider that is down, and for one with a rate limit not long: what it could not get is in the report. */
export async function fetchMissingBars(context: WorkerContext, request: FetchRequest): Promise<FetchReport> {
  const wanted = wantedSessions(context.calendar, request.ledgers, request.targetSession);
  const wholeOf = new Map(wanted.map(({ symbol, sessions }) => [symbol, sessions.length]));
  const gaps = (await findGaps(context.db.pool, wanted)).map((gap) => ({
    ...gap,
    nothingStored: gap.sessions.length === wholeOf.get(gap.symbol),
  }));
  const fetched = await fetchGaps(context, gaps, request);
  return {
    symbols: wanted.length,
    requested: gaps.length,
    barsInserted: fetched.reduce((sum, { inserted }) => sum + inserted, 0),
    barsRevised: fetched.reduce((sum, { revised }) => sum + revised, 0),
    withoutData: fetched.flatMap(({ gap: { symbol }, reason }) => (reason === null ? [] : [{ symbol, reason }])),
    warnings: fetched.flatMap(({ warnings }) => warnings),
  };
}

type WantedGap = Gap & Readonly<{ nothingStored: boolean }>;

type FetchedGap = Readonly<{
  gap: WantedGap;
  inserted: number;
  revised: number;
  /** Why there is nothing; null when there is. */
  reason: string | null;
  /** Why there may be something later: a rate limit that ends then. */
  retryAt: Date | null;
  warnings: readonly string[];
}>;

async function fetchGaps(
  context: WorkerContext,
  gaps: readonly WantedGap[],
  request: FetchRequest,
): Promise<readonly FetchedGap[]> {
  const { signal, onProgress } = request;
  const ended: FetchedGap[] = [];
  const onEnd = (inRound: number): void => onProgress(ended.length + inRound, gaps.length);
  let round = await fetchRound(context, gaps, request, onEnd);
  for (const giveUpAt = Date.now() + RATE_LIMIT_PATIENCE_MS; ;) {
    const limited = round.filter(({ retryAt }) => retryAt !== null);
    const nextAt = Math.min(...limited.map(({ retryAt }) => retryAt!.getTime()));
    if (limited.length === 0 || nextAt > giveUpAt || Date.now() > giveUpAt) return [...ended, ...round];
    ended.push(...round.filter(({ retryAt }) => retryAt === null));
    await pause(Math.max(0, nextAt - Date.now()), signal);
    round = await fetchRound(
      context,
      limited.map(({ gap }) => gap),
      request,
      onEnd,
    );
  }
}

/** Each gap once. `onEnd` is told how many are done, without those that a rate limit kept back. */
async function fetchRound(
  context: WorkerContext,
  gaps: readonly WantedGap[],
  request: FetchRequest,
  onEnd: (done: number) => void,
): Promise<readonly FetchedGap[]> {
  const queue = [...gaps];
  const fetched: FetchedGap[] = [];
  const attempts: FetchAttemptRow[] = [];
  let done = 0;
  const lane = async (): Promise<void> => {
    for (let gap = queue.shift(); gap !== undefined; gap = queue.shift()) {
      const bars = await fetchBars(context, gap, request);
      attempts.push(...attemptsOf(bars));
      if (attempts.length >= ATTEMPTS_AT_ONCE) await recordFetchAttempts(context.db.pool, attempts.splice(0));
      const one = await settle(context, gap, bars, request);
      fetched.push(one);
      if (one.retryAt === null) onEnd((done += 1));
    }
  };
  await Promise.all(Array.from({ length: PARALLEL_FETCHES }, lane));
  await recordFetchAttempts(context.db.pool, attempts);
  return fetched;
}

function fetchBars(context: WorkerContext, { symbol, sessions }: Gap, { signal }: FetchRequest): Promise<FetchedBars> {
  return fetchDailyBars(context, symbol, { from: sessions[0]!, to: sessions.at(-1)! }, signal);
}

function attemptsOf({ symbol, attempts }: FetchedBars): readonly FetchAttemptRow[] {
  return attempts.map(({ provider, status, reason, at }) => ({
    symbol,
    capability: 'dailyBars',
    provider,
    outcome: status,
    reason,
    at,
  }));
}

/** Stores the bars, or what is known of their absence: only when all who could know said that there are none. */
async function settle(
  { db, metrics }: WorkerContext,
  gap: WantedGap,
  fetched: FetchedBars,
  { targetSession, hold }: FetchRequest,
): Promise<FetchedGap> {
  const { symbol, sessions, nothingStored } = gap;
  const store = (bars: Pick<FetchedBars & { status: 'ok' }, 'provider' | 'bars' | 'actions'>) =>
    storeFetchedBars(db, hold, { symbol, ...bars, asked: sessions }, targetSession);
  if (fetched.status === 'ok') {
    const { provider, bars, actions, warnings } = fetched;
    const { inserted, revised } = await store({ provider, bars, actions });
    metrics.count('closebell_bars_inserted_total', {}, inserted);
    return { gap, inserted, revised, reason: null, retryAt: null, warnings };
  }
  const reason = fetched.attempts.map(({ provider, reason: why }) => `${provider}: ${why ?? 'no answer'}`).join('; ');
  const nothing = { gap, inserted: 0, revised: 0, reason, retryAt: null };
  if (fetched.status === 'unavailable') {
    const what = nothingStored ? 'no price' : 'no close of some sessions';
    return { ...nothing, retryAt: earliestRetry(fetched), warnings: [`${symbol}: ${what} (${reason})`] };
  }
  // A symbol without any bar is left alone for a while; one that has some only lacks these sessions.
  if (nothingStored)
    await noteNoData(db, hold, symbol, reason, fetched.status === 'no_data' ? NO_DATA_RETRY_DAYS : UNKNOWN_RETRY_DAYS);
  else await store({ provider: 'none', bars: [], actions: [] });
  return { ...nothing, warnings: [] };
}

/** Null as well when some provider does not know the symbol: those that may know it are worth no wait to the others. */
function earliestRetry({ attempts }: FetchedBars): Date | null {
  const isUnknownToSome = attempts.some(({ status }) => status === 'no_data' || status === 'unknown_symbol');
  const times = attempts.flatMap(({ retryAt }) => (retryAt === null ? [] : [retryAt.getTime()]));
  return isUnknownToSome || times.length === 0 ? null : new Date(Math.min(...times));
}
