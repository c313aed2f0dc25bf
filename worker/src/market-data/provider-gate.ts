// Stands before each provider that is asked over a network: how many requests at once, whether the plan has any left, whether the provider
// rests after failures. What it decides by is in Postgres, for all workers together.
import type { Db } from '@closebell/prisma/client';
import { blockProvider, takeFromBudget } from '@closebell/prisma/provider-budgets';
import { noteAnswer, noteFailure, passCircuit, type OpenCircuit } from '@closebell/prisma/provider-circuits';
import type { Capability, MarketDataProvider, Refusal } from '@closebell/shared/market-data/provider';
import { pause } from './ask-in-order.js';
import { createTurns } from './turns.js';

/** In this process. A provider that hangs costs its time-out about twice before its circuit opens. */
const REQUESTS_AT_ONCE = 4;
/** After a 429 that does not say how long. */
const RATE_LIMIT_MS = 60_000;
/** How long the outcome of somebody's try is waited for, about as long as one may take; and how often it is looked for. */
const TRY_MS_MAX = 10_000;
const TRY_LOOK_MS = 100;
/** A provider that wants to be left alone for longer is asked again all the same. */
const RATE_LIMIT_MS_MAX = 24 * 60 * 60_000;

/**
 * The same providers, which refuse by themselves what they must not be asked: `rate_limited` or the last failure of an open circuit, with
 * `notAsked`. One that throws is unavailable. Providers without a budget get no more than that. Rejects with the signal's reason, or when
 * the database is away.
 */
export function gateProviders(db: Db, providers: readonly MarketDataProvider[]): readonly MarketDataProvider[] {
  return providers.map((provider) => withGate(provider, provider.budget === undefined ? answerOf : createGate(db, provider)));
}

/** Asks, or refuses. */
type Gate = <A extends Readonly<{ status: 'ok' }> | Refusal>(
  capability: Capability,
  signal: AbortSignal,
  ask: () => Promise<A>,
) => Promise<A | Refusal>;

function withGate(provider: MarketDataProvider, gate: Gate): MarketDataProvider {
  const { dailyBars, profile, quotes, search, rates } = provider;
  return {
    ...provider,
    dailyBars: async (symbol, range, signal) => {
      const answer = await gate('dailyBars', signal, () => dailyBars(symbol, range, signal));
      return answer.status === 'ok' ? answer : { ...answer, symbol };
    },
    ...(profile && { profile: (symbol, signal) => gate('profile', signal, () => profile(symbol, signal)) }),
    ...(quotes && { quotes: (symbols, signal) => gate('quotes', signal, () => quotes(symbols, signal)) }),
    ...(search && { search: (text, signal) => gate('search', signal, () => search(text, signal)) }),
    ...(rates && { rates: (series, range, signal) => gate('rates', signal, () => rates(series, range, signal)) }),
  };
}

function createGate(db: Db, provider: MarketDataProvider): Gate {
  const inTurn = createTurns(REQUESTS_AT_ONCE);
  return (capability, signal, ask) =>
    inTurn(async () => {
      signal.throwIfAborted();
      const refusal = await refuse(db, provider, capability, signal);
      if (refusal !== null) return refusal;
      const answer = await answerOf(capability, signal, ask);
      return answer.status === 'ok' ? noted(db, provider, capability, answer) : learn(db, provider, capability, answer);
    });
}

const answerOf: Gate = async (_, signal, ask) => {
  try {
    return await ask();
  } catch (error) {
    signal.throwIfAborted();
    return { status: 'unavailable', reason: error instanceof Error ? error.message : String(error) };
  }
};

/** Without a request, or null: go and ask. The circuit comes first, so that a plan is not spent on a provider that is down. */
async function refuse(
  db: Db,
  { name, budget = UNLIMITED, requests }: MarketDataProvider,
  capability: Capability,
  signal: AbortSignal,
): Promise<Refusal | null> {
  const open = await passOnceTried(db, name, capability, signal);
  if (open !== null) return resting(open);
  const waitMs = await takeFromBudget(db, name, budget, requests?.[capability] ?? 1);
  return waitMs === 0 ? null : { ...rateLimited(waitMs), notAsked: true };
}

/**
 * The first request after a rest tries the provider, and all others of that moment wait for what comes of it: refused meanwhile, a night's
 * symbols would go without their closes though the provider is well again.
 */
async function passOnceTried(db: Db, provider: string, capability: Capability, signal: AbortSignal): Promise<OpenCircuit | null> {
  for (const giveUpAt = Date.now() + TRY_MS_MAX; ;) {
    const open = await passCircuit(db.pool, provider, capability);
    if (open === null || !open.isTried || Date.now() > giveUpAt) return open;
    await pause(TRY_LOOK_MS, signal);
  }
}

const UNLIMITED = { perMinute: null, perDay: null };

function resting({ retryAt, status, lastError }: OpenCircuit): Refusal {
  if (status === 'rate_limited') return { ...rateLimited(Math.max(0, retryAt.getTime() - Date.now())), notAsked: true };
  return { status, reason: `${lastError}; not asked again before ${timeText(retryAt)}`, notAsked: true };
}

function rateLimited(retryAfterMs: number): Refusal {
  return { status: 'rate_limited', reason: `rate limited until ${timeText(new Date(Date.now() + retryAfterMs))}`, retryAfterMs };
}

/** What a refusal of the provider's own means for those who come after; as the one who asked is to see it. */
async function learn(
  db: Db,
  { name, keyVariable }: MarketDataProvider,
  capability: Capability,
  answer: Refusal,
): Promise<Refusal> {
  if (answer.notAsked === true) return answer;
  switch (answer.status) {
    case 'no_data':
    case 'unknown_symbol':
      return noted(db, { name }, capability, answer);
    case 'rate_limited': {
      const waitMs = Math.min(answer.retryAfterMs ?? RATE_LIMIT_MS, RATE_LIMIT_MS_MAX);
      // One that only ever says to wait rests like one that is down.
      if (await blockProvider(db.pool, name, waitMs, answer.reason)) await noteFailure(db.pool, name, capability, answer);
      return rateLimited(waitMs);
    }
    case 'unauthorized':
    case 'garbage':
    case 'unavailable': {
      const { status, reason } = answer;
      const isKey = status === 'unauthorized' && keyVariable !== undefined;
      const failure = { status, reason: isKey ? `${reason} (${keyVariable})` : reason };
      await noteFailure(db.pool, name, capability, failure);
      return failure;
    }
  }
}

async function noted<A>(db: Db, { name }: Pick<MarketDataProvider, 'name'>, capability: Capability, answer: A): Promise<A> {
  await noteAnswer(db.pool, name, capability);
  return answer;
}

/** To the minute, rounded up; with the date unless it is today. */
function timeText(at: Date): string {
  const minute = new Date(Math.ceil(at.getTime() / 60_000) * 60_000).toISOString();
  const [date, time] = [minute.slice(0, 10), minute.slice(11, 16)];
  return date === new Date().toISOString().slice(0, 10) ? `${time} UTC` : `${date} ${time} UTC`;
}
