// The rate that options are marked with, before they are marked: what was published since it was last asked for, in one request.
import { listFetchAttempts, recordFetchAttempts } from '@closebell/prisma/fetch-attempts';
import { readLastRateDate, storeRates } from '@closebell/prisma/interest-rates';
import type { JobHold } from '@closebell/prisma/job-runs';
import type { Ledger } from '@closebell/prisma/ledger';
import { dayNumber, isoDate } from '@closebell/shared/calendar/calendar-date';
import { lotKind } from '@closebell/shared/lot-kind';
import {
  OPTION_RATE_SERIES,
  type Answer,
  type MarketDataProvider,
  type RatePoint,
  type SessionRange,
} from '@closebell/shared/market-data/provider';
import type { WorkerContext } from '../context.js';
import { askInOrder, type Answered } from '../market-data/ask-in-order.js';

export type RatesRequest = Readonly<{ ledgers: readonly Ledger[]; hold: JobHold; signal: AbortSignal }>;

/**
 * Asks for the values up to the last complete session that are not stored yet: the first time for the whole series, so that an option of any
 * age has its rate; then once a session, with an answer. Without a key for it, or without an option, never. Gives warnings: whatever is not
 * there, the marks are made with what is.
 */
export async function fetchMissingRates(
  context: WorkerContext,
  { ledgers, hold, signal }: RatesRequest,
): Promise<readonly string[]> {
  const { db, calendar, clock, rates, metrics } = context;
  if (rates === null || !ledgers.some(({ lots }) => lots.some((lot) => lotKind(lot) === 'option'))) return [];
  const now = clock();
  const session = calendar.latestCompleteSession(now);
  const last = await readLastRateDate(db.pool, OPTION_RATE_SERIES);
  if ((last !== null && last >= session) || (await wasAnswered(context, session))) return [];
  const range = { from: last === null ? calendar.firstDate : isoDate(dayNumber(last) + 1), to: session };
  const answered = await askInOrder({ providers: [rates], metrics }, (provider) => askFor(provider, range, signal), signal);
  if (answered.status === 'ok')
    await storeRates(db, hold, { series: OPTION_RATE_SERIES, provider: answered.provider, points: answered.value });
  // At the market clock's time, by which wasAnswered asks.
  const attempts = answered.attempts.map(({ provider, status, reason }) => ({ provider, outcome: status, reason, at: now }));
  await recordFetchAttempts(
    db.pool,
    attempts.map((attempt) => ({ ...attempt, symbol: OPTION_RATE_SERIES, capability: 'rates' })),
  );
  return warningsOf(answered, last, context.config.optionRate);
}

/** A session's own value is published a day later: whoever asked once after its close has what there is. */
async function wasAnswered({ db, calendar }: WorkerContext, session: string): Promise<boolean> {
  const attempts = await listFetchAttempts(db.pool, 'rates', [OPTION_RATE_SERIES]);
  return attempts.some(
    ({ outcome, at }) => (outcome === 'ok' || outcome === 'no_data') && calendar.latestCompleteSession(at) >= session,
  );
}

/** Percent a year; beyond, an answer is no Treasury yield. */
const PERCENT_MIN = -5;
const PERCENT_MAX = 50;

function askFor(
  { name, rates }: MarketDataProvider,
  range: SessionRange,
  signal: AbortSignal,
): Promise<Answer<readonly RatePoint[]>> | null {
  if (rates === undefined) return null;
  return rates(OPTION_RATE_SERIES, range, signal).then((answer) => {
    const wrong =
      answer.status === 'ok' && answer.value.find(({ percent }) => !(percent >= PERCENT_MIN && percent <= PERCENT_MAX));
    if (!wrong) return answer;
    return { status: 'garbage', reason: `${name} gave ${wrong.percent} percent for ${wrong.date}` };
  });
}

function warningsOf(answered: Answered<unknown>, last: string | null, fixedRate: number): readonly string[] {
  const isUsual = answered.status === 'ok' || (answered.status === 'no_data' && last !== null);
  if (isUsual) return [];
  const why = answered.attempts.map(({ provider, reason }) => `${provider}: ${reason ?? 'no answer'}`).join('; ');
  const [missing, used] =
    last === null
      ? ['no value is known', `the configured ${Number((fixedRate * 100).toFixed(4))} %`]
      : [`no value after ${last} is known`, `the rate of ${last}`];
  return [`Treasury rate ${OPTION_RATE_SERIES}: ${missing} (${why}); new option marks use ${used}; the next run asks again`];
}
