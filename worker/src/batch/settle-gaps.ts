// What answers mean for the gaps they were asked for: bars are stored, and so is what is known of their absence, but only when all who
// could know said that there are none.
import { noteDelisting, noteNoData } from '@closebell/prisma/price-gaps';
import type { JobHold } from '@closebell/prisma/job-runs';
import type { WorkerContext } from '../context.js';
import type { FetchedBars } from '../market-data/fetch-bars.js';
import type { WantedGap } from './fetch-order.js';
import { storeAnswers, type StoredBars, type SymbolAnswers } from './store-answers.js';

/** A symbol nobody knows may be listed one day. */
const UNKNOWN_RETRY_DAYS = 7;
const NO_DATA_RETRY_DAYS = 1;

export type SettledGap = Readonly<{
  gap: WantedGap;
  /** Why there is nothing; null when there is. */
  reason: string | null;
  /** When there may be something after all: a rate limit that ends then, another run that fetches it. */
  retryAt: Date | null;
  warnings: readonly string[];
}>;

type AnsweredGap = Readonly<{ gap: WantedGap; fetched: FetchedBars }>;

/** No two of one symbol. */
export async function settleGaps(
  context: WorkerContext,
  answered: readonly AnsweredGap[],
  request: Readonly<{ targetSession: string; hold: JobHold }>,
): Promise<StoredBars & Readonly<{ settled: readonly SettledGap[] }>> {
  const stored = await storeAnswers(context, answered.flatMap(answersOf), request);
  for (const one of answered) await noteAbsence(context, one, request);
  return { ...stored, settled: answered.map(settled) };
}

function answersOf({ gap, fetched }: AnsweredGap): readonly SymbolAnswers[] {
  const { symbol, sessions: asked, nothingStored } = gap;
  const { status, quarantined } = fetched;
  if (status === 'ok') return [{ symbol, asked, answers: fetched.answers, quarantined }];
  if (status === 'unavailable') {
    const doubtful = new Set(quarantined.map(({ sessionDate }) => sessionDate));
    const named = asked.filter((session) => doubtful.has(session));
    return doubtful.size === 0 ? [] : [{ symbol, asked: named, answers: [], quarantined }];
  }
  return nothingStored ? [] : [{ symbol, asked, answers: [], quarantined }];
}

/** A symbol without any bar is left alone for a while; one that has some only lacks these sessions, unless they are many. */
async function noteAbsence(
  { db }: WorkerContext,
  { gap, fetched }: AnsweredGap,
  { targetSession, hold }: Readonly<{ targetSession: string; hold: JobHold }>,
): Promise<void> {
  const { symbol, sessions, nothingStored } = gap;
  if (fetched.status === 'ok' || fetched.status === 'unavailable') return;
  const reason = reasonOf(fetched);
  const retryDays = fetched.status === 'no_data' ? NO_DATA_RETRY_DAYS : UNKNOWN_RETRY_DAYS;
  if (nothingStored) await noteNoData(db, hold, symbol, reason, retryDays);
  else if (sessions.at(-1)! >= targetSession) await noteDelisting(db, hold, symbol, reason);
}

function settled({ gap, fetched }: AnsweredGap): SettledGap {
  const { status, warnings } = fetched;
  if (status === 'ok') return { gap, reason: null, retryAt: null, warnings };
  const reason = reasonOf(fetched);
  if (status !== 'unavailable') return { gap, reason, retryAt: null, warnings: [] };
  const what = gap.nothingStored ? 'no price' : 'no close of some sessions';
  return { gap, reason, retryAt: earliestRetry(fetched), warnings: [`${gap.symbol}: ${what} (${reason})`, ...warnings] };
}

function reasonOf({ attempts }: FetchedBars): string {
  return attempts.map(({ provider, reason }) => `${provider}: ${reason ?? 'no answer'}`).join('; ');
}

/** Null as well when some provider does not know the symbol: those that may know it are worth no wait to the others. */
function earliestRetry({ attempts }: FetchedBars): Date | null {
  const isUnknownToSome = attempts.some(({ status }) => status === 'no_data' || status === 'unknown_symbol');
  const times = attempts.flatMap(({ retryAt }) => (retryAt === null ? [] : [retryAt.getTime()]));
  return isUnknownToSome || times.length === 0 ? null : new Date(Math.min(...times));
}
