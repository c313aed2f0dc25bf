// Gaps on their way to the providers and back into the database, some symbols at a time: claimed, looked at again, asked for, stored, let go.
import { openFetchClaims, type FetchClaims } from '@closebell/prisma/fetch-claims';
import { recordFetchAttempts, type FetchAttemptRow } from '@closebell/prisma/fetch-attempts';
import type { JobHold } from '@closebell/prisma/job-runs';
import { findGaps, type Gap } from '@closebell/prisma/price-gaps';
import type { WorkerContext } from '../context.js';
import { pause } from '../market-data/ask-in-order.js';
import type { KnownPrices } from '../market-data/bar-inquiry.js';
import { fetchDailyBars, type FetchedBars } from '../market-data/fetch-bars.js';
import { loadKnownPrices } from '../market-data/known-prices.js';
import { createTurns } from '../market-data/turns.js';
import type { WantedGap } from './fetch-order.js';
import { settleGaps, type SettledGap } from './settle-gaps.js';
import type { StoredBars } from './store-answers.js';

/** Of one transaction: enough for bulk, few enough that a worker that is killed has little to ask for again. */
const SYMBOLS_PER_BLOCK = 16;
/** A symbol whose provider hangs holds up its block; the other blocks go on. */
const BLOCKS_AT_ONCE = 4;
const PARALLEL_FETCHES = 8;
/**
 * Sessions before a newest close that are asked for again in the same request: two weeks, within which splits, dividends and corrections
 * that were not known in time are learned as a rule.
 */
const RECHECKED_SESSIONS = 10;
/** Symbols that only a rate limit or another run kept back are asked for again within this time; what is left then is for the next run. */
const PATIENCE_MS = 60_000;
/** How soon to look again whether another run has brought a symbol. */
const FETCHED_ELSEWHERE_MS = 200;
/** A limit ends for all at once, but each was told so in a millisecond of its own. */
const SAME_INSTANT_MS = 50;

export type FetchRequest = Readonly<{
  targetSession: string;
  hold: JobHold;
  signal: AbortSignal;
  onProgress: (done: number, total: number) => void;
}>;

export type FetchedGaps = StoredBars & Readonly<{ requested: number; settled: readonly SettledGap[] }>;

/** Each gap once, in their order, and those kept back again while there is patience. Of each symbol one gap at most. */
export async function fetchGaps(context: WorkerContext, gaps: readonly WantedGap[], request: FetchRequest): Promise<FetchedGaps> {
  if (gaps.length === 0) return NOTHING;
  const claims = await openFetchClaims(context.db, request.hold.leaseMs);
  try {
    return await fetchPatiently({ context, claims, request }, gaps);
  } finally {
    await claims.close();
  }
}

const NOTHING: FetchedGaps = { inserted: 0, revised: 0, requested: 0, settled: [] };

type Fetch = Readonly<{ context: WorkerContext; claims: FetchClaims; request: FetchRequest }>;

async function fetchPatiently(fetch: Fetch, gaps: readonly WantedGap[]): Promise<FetchedGaps> {
  const { signal, onProgress } = fetch.request;
  const giveUpAt = Date.now() + PATIENCE_MS;
  let fetched = NOTHING;
  let waiting: readonly SettledGap[] = [];
  for (let due = gaps; ;) {
    const ended = fetched.settled.length;
    const round = await fetchRound(fetch, due, (done) => onProgress(ended + done, gaps.length));
    waiting = [...waiting, ...round.settled.filter(isKeptBack)];
    fetched = together([fetched, { ...round, settled: round.settled.filter((gap) => !isKeptBack(gap)) }]);
    const nextAt = Math.min(...waiting.map(({ retryAt }) => retryAt!.getTime()));
    if (waiting.length === 0 || nextAt > giveUpAt || Date.now() > giveUpAt)
      return together([fetched, { ...NOTHING, settled: waiting }]);
    await pause(Math.max(0, nextAt - Date.now()), signal);
    const isDue = ({ retryAt }: SettledGap): boolean => retryAt!.getTime() <= Date.now() + SAME_INSTANT_MS;
    due = waiting.filter(isDue).map(({ gap }) => gap);
    waiting = waiting.filter((gap) => !isDue(gap));
  }
}

function isKeptBack({ retryAt }: SettledGap): boolean {
  return retryAt !== null;
}

function together(parts: readonly FetchedGaps[]): FetchedGaps {
  const sum = (countOf: (part: FetchedGaps) => number): number => parts.reduce((total, part) => total + countOf(part), 0);
  return {
    inserted: sum(({ inserted }) => inserted),
    revised: sum(({ revised }) => revised),
    requested: sum(({ requested }) => requested),
    settled: parts.flatMap(({ settled }) => settled),
  };
}

/** Each gap once. `onEnd` is told how many are done, without those kept back. */
async function fetchRound(fetch: Fetch, gaps: readonly WantedGap[], onEnd: (done: number) => void): Promise<FetchedGaps> {
  const blockInTurn = createTurns(BLOCKS_AT_ONCE);
  const fetchInTurn = createTurns(PARALLEL_FETCHES);
  const starts = Array.from({ length: Math.ceil(gaps.length / SYMBOLS_PER_BLOCK) }, (_, block) => block * SYMBOLS_PER_BLOCK);
  let done = 0;
  const blocks = starts.map((start) =>
    blockInTurn(async () => {
      const fetched = await fetchBlock(fetch, gaps.slice(start, start + SYMBOLS_PER_BLOCK), fetchInTurn);
      done += fetched.settled.filter((gap) => !isKeptBack(gap)).length;
      onEnd(done);
      return fetched;
    }),
  );
  return together(await Promise.all(blocks));
}

/** A symbol that another run fetches just now is left to it; one that it has brought since we looked is not asked for again. */
async function fetchBlock(
  { context, claims, request }: Fetch,
  gaps: readonly WantedGap[],
  fetchInTurn: ReturnType<typeof createTurns>,
): Promise<FetchedGaps> {
  const { signal } = request;
  signal.throwIfAborted();
  const claimed = await claims.claim(gaps.map(({ symbol }) => symbol));
  try {
    const own = gaps.filter(({ symbol }) => claimed.has(symbol));
    const open = await stillOpen(context, own, request);
    const answered = await Promise.all(
      open.map(async ({ gap, known }) => {
        const range = { from: gap.sessions[0]!, to: gap.sessions.at(-1)! };
        return { gap, fetched: await fetchInTurn(() => fetchDailyBars(context, gap.symbol, range, signal, known)) };
      }),
    );
    await recordFetchAttempts(
      context.db.pool,
      answered.flatMap(({ fetched }) => attemptsOf(fetched)),
    );
    const stored = await settleGaps(context, answered, request);
    const isAnswered = new Set(open.map(({ gap }) => gap.symbol));
    const others = gaps.filter(({ symbol }) => !isAnswered.has(symbol));
    const elsewhere = others.map((gap) => (claimed.has(gap.symbol) ? broughtMeanwhile(gap) : fetchedElsewhere(gap)));
    return { ...stored, requested: open.length, settled: [...stored.settled, ...elsewhere] };
  } finally {
    await claims.release(claimed);
  }
}

type OpenGap = Readonly<{ gap: WantedGap; known: KnownPrices }>;

/** What of the gaps is missing now that nobody else fetches them, with what their bars are judged by. */
async function stillOpen(
  { db, calendar }: WorkerContext,
  gaps: readonly WantedGap[],
  { targetSession }: FetchRequest,
): Promise<readonly OpenGap[]> {
  const before = new Map(gaps.map((gap) => [gap.symbol, gap]));
  const found = await findGaps(db.pool, calendar, gaps);
  const startOf = ({ symbol, sessions }: Gap) => {
    const isNewest = sessions.at(-1)! >= targetSession;
    return { symbol, from: sessions[0]!, recheck: isNewest ? RECHECKED_SESSIONS : 0 };
  };
  const knownOf = await loadKnownPrices(db.pool, calendar, found.map(startOf), targetSession);
  return found.map((gap) => {
    const { nothingStored, sessions } = before.get(gap.symbol)!;
    const isWhole = gap.sessions.length === sessions.length;
    return { gap: { ...gap, nothingStored: nothingStored && isWhole }, known: knownOf(startOf(gap)) };
  });
}

function broughtMeanwhile(gap: WantedGap): SettledGap {
  return { gap, reason: null, retryAt: null, warnings: [] };
}

function fetchedElsewhere(gap: WantedGap): SettledGap {
  const reason = 'another run is fetching it';
  const retryAt = new Date(Date.now() + FETCHED_ELSEWHERE_MS);
  return { gap, reason, retryAt, warnings: [`${gap.symbol}: ${reason}; its prices count from the next calculation on`] };
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
