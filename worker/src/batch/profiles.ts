// What a security is called, its sector, its exchange: asked for once, by the run that meets it first, and again by the weekly job.
import { recordFetchAttempts } from '@closebell/prisma/fetch-attempts';
import type { JobHold } from '@closebell/prisma/job-runs';
import { listProfilesDue, noteProfileRefusals, storeProfiles } from '@closebell/prisma/securities';
import type { MarketDataProvider, SecurityProfile } from '@closebell/shared/market-data/provider';
import type { WorkerContext } from '../context.js';
import { askInOrder, pause, type Answered } from '../market-data/ask-in-order.js';

export type ProfilesRequest = Readonly<{
  symbols: readonly string[];
  /**
   * `run`: figures wait for it. It asks for missing profiles only, for 20 seconds at most, and leaves alone the providers whose plan the
   * prices need. `weekly`: old ones too, of every provider, and waits until a plan has requests again.
   */
  pace: keyof typeof PACES;
  hold: JobHold;
  signal: AbortSignal;
  onProgress: (done: number, total: number) => void;
}>;

export type ProfilesReport = Readonly<{
  /** How many were missing, or old. */
  due: number;
  stored: number;
  /** What is missing, why, and what happens next. */
  warnings: readonly string[];
}>;

const PACES = {
  run: { olderThanDays: null, withinMs: 20_000 },
  // A day short of a week: what the last weekly job stored in its minutes must be due when the next one begins.
  weekly: { olderThanDays: 6, withinMs: 25 * 60_000 },
} as const;

/** Stored together; a job that is killed asks again for these at most. */
const SYMBOLS_AT_ONCE = 8;

/** Never fails for a provider's sake: what it could not get is in the warnings. Rejects with the signal's reason. */
export async function fetchProfiles(context: WorkerContext, request: ProfilesRequest): Promise<ProfilesReport> {
  const { symbols, pace, signal, onProgress } = request;
  const able = context.providers.filter(({ profile }) => profile !== undefined);
  const due = able.length === 0 ? [] : await listProfilesDue(context.db.pool, symbols, PACES[pace]);
  const providers = pace === 'run' ? able.filter(hasRoomBesidePrices) : able;
  if (due.length === 0 || providers.length === 0) return { due: due.length, stored: 0, warnings: leftOut(due, able) };
  const time = startTime(PACES[pace].withinMs, signal);
  const asked: AskedSymbol[] = [];
  try {
    while (asked.length < due.length && !time.signal.aborted) {
      const slice = due.slice(asked.length, asked.length + SYMBOLS_AT_ONCE);
      const answers = await Promise.all(slice.map((symbol) => askFor({ ...context, providers }, symbol, request, time)));
      await settle(context, request, answers, providers.length === able.length);
      asked.push(...answers);
      onProgress(asked.length, due.length);
    }
  } finally {
    time.end();
  }
  signal.throwIfAborted();
  const stored = asked.filter(({ answered }) => answered?.status === 'ok').length;
  return { due: due.length, stored, warnings: warningsOf(due, asked, PACES[pace].withinMs) };
}

/** A plan of fewer requests a minute is kept for prices while a run waits for them. */
const ROOM_PER_MINUTE = 60;

function hasRoomBesidePrices({ budget }: MarketDataProvider): boolean {
  return (budget?.perMinute ?? Infinity) >= ROOM_PER_MINUTE;
}

type Time = Readonly<{ signal: AbortSignal; endsAt: number; end: () => void }>;

/** A signal that aborts when the time is up, or with the other one. */
function startTime(withinMs: number, signal: AbortSignal): Time {
  const late = new AbortController();
  const follow = (): void => late.abort(signal.reason);
  const timer = setTimeout(() => late.abort(new Error('out of time')), withinMs);
  signal.addEventListener('abort', follow, { once: true });
  if (signal.aborted) follow();
  return {
    signal: late.signal,
    endsAt: Date.now() + withinMs,
    end: () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', follow);
    },
  };
}

/** `answered` is null when the time was up first. */
type AskedSymbol = Readonly<{ symbol: string; answered: Answered<SecurityProfile> | null }>;

async function askFor(
  context: WorkerContext,
  symbol: string,
  { pace, signal }: ProfilesRequest,
  time: Time,
): Promise<AskedSymbol> {
  try {
    for (;;) {
      const answered = await askInOrder(context, ({ profile }) => profile?.(symbol, time.signal) ?? null, time.signal);
      const retryAt = answered.status === 'unavailable' ? earliestRetry(answered) : Infinity;
      if (pace === 'run' || retryAt > time.endsAt) return { symbol, answered };
      await pause(Math.max(0, retryAt - Date.now()), time.signal);
    }
  } catch (cause) {
    if (!time.signal.aborted) throw cause;
    signal.throwIfAborted();
    return { symbol, answered: null };
  }
}

function earliestRetry({ attempts }: Answered<unknown>): number {
  return Math.min(...attempts.map(({ retryAt }) => retryAt?.getTime() ?? Infinity));
}

const HOUR_MS = 60 * 60_000;
const TROUBLE_RETRY_MS = HOUR_MS;
const UNKNOWN_RETRY_MS = 7 * 24 * HOUR_MS;

/** `everybody`: every provider that has profiles was asked, so that a symbol none of them knows is unknown. */
async function settle(
  { db }: WorkerContext,
  { hold }: ProfilesRequest,
  asked: readonly AskedSymbol[],
  everybody: boolean,
): Promise<void> {
  const ended = asked.flatMap(({ symbol, answered }) => (answered === null ? [] : [{ symbol, answered }]));
  await storeProfiles(
    db,
    hold,
    ended.flatMap(({ symbol, answered }) =>
      answered.status === 'ok' ? [{ ...answered.value, symbol, provider: answered.provider }] : [],
    ),
  );
  await noteProfileRefusals(
    db,
    hold,
    ended.flatMap(({ symbol, answered: { status } }) => {
      if (status === 'ok') return [];
      return [{ symbol, retryAfterMs: status === 'unavailable' || !everybody ? TROUBLE_RETRY_MS : UNKNOWN_RETRY_MS }];
    }),
  );
  await recordFetchAttempts(
    db.pool,
    ended.flatMap(({ symbol, answered: { attempts } }) =>
      attempts.map(({ provider, status: outcome, reason, at }) => ({
        symbol,
        capability: 'profile',
        provider,
        outcome,
        reason,
        at,
      })),
    ),
  );
}

function leftOut(due: readonly string[], able: readonly MarketDataProvider[]): readonly string[] {
  if (due.length === 0) return [];
  const names = able.map(({ name }) => name).join(' and ');
  return [`security profiles: ${due.length} are missing; the plan of ${names} is kept for prices, the weekly job asks for them`];
}

function warningsOf(due: readonly string[], asked: readonly AskedSymbol[], withinMs: number): readonly string[] {
  const troubled = asked.filter(({ answered }) => answered?.status === 'unavailable');
  const [first] = troubled;
  const reason = first?.answered?.attempts.map((attempt) => `${attempt.provider}: ${attempt.reason ?? 'no answer'}`).join('; ');
  const left = due.length - asked.filter(({ answered }) => answered !== null).length;
  return [
    ...(first === undefined
      ? []
      : [`security profiles: none of ${namesOf(troubled)} (${reason}); asked for again in an hour or later`]),
    ...(left === 0
      ? []
      : [`security profiles: no answer for ${left} within ${withinMs / 1000} s; the next run goes on with them`]),
  ];
}

const NAMED_MAX = 5;

function namesOf(symbols: readonly AskedSymbol[]): string {
  const named = symbols.slice(0, NAMED_MAX).map(({ symbol }) => symbol);
  return named.join(', ') + (symbols.length > NAMED_MAX ? ` and ${symbols.length - NAMED_MAX} more` : '');
}
