// One symbol's daily bars from the providers in their order; no bar passes that can't be, or that nobody can explain.
import type { QuarantinedBar } from '@closebell/prisma/quarantined-bars';
import type { CorporateAction, OhlcvBar, SessionRange } from '@closebell/shared/market-data/provider';
import { groupBy } from '@closebell/shared/grouping';
import type { FetchAttempt, Verdict } from './ask-in-order.js';
import { askForBars, type Inquiry, type JudgedAnswer, type KnownPrices, type RefusedBar } from './bar-inquiry.js';
import { fillFaults, settleJumps } from './doubtful-bars.js';

/** What one provider contributes. Bars oldest first, one per session, inside the range. */
export type BarAnswer = Readonly<{ provider: string; bars: readonly OhlcvBar[]; actions: readonly CorporateAction[] }>;

/** `quarantined`: bars that were given and are not believed. `attempts`: every provider asked, in order. */
export type FetchedBars = Readonly<{
  symbol: string;
  quarantined: readonly QuarantinedBar[];
  warnings: readonly string[];
  attempts: readonly FetchAttempt[];
}> &
  (
    | Readonly<{
        status: 'ok';
        /** The first is the one that counts; others have the sessions it could not give. No session is in two. */
        answers: readonly BarAnswer[];
      }>
    | Readonly<{ status: Verdict }>
  );

export const NOTHING_KNOWN: KnownPrices = { previous: null, recheck: null, splits: [], accepted: [] };

/**
 * The first provider with a sound bar wins, and is asked alone unless a bar of it is in doubt (see doubtful-bars.ts): bars of one session
 * range are never of two providers. The answer also has bars and actions of the sessions that are checked again (`known.recheck`). Rejects
 * with the signal's reason once it is aborted. The range must lie inside the exchange calendar.
 */
export async function fetchDailyBars(
  context: Inquiry['context'],
  symbol: string,
  range: SessionRange,
  signal: AbortSignal,
  known: KnownPrices = NOTHING_KNOWN,
): Promise<FetchedBars> {
  const inquiry: Inquiry = { context, symbol, wantedFrom: range.from, known, signal, attempts: [], refused: [] };
  const { attempts, refused } = inquiry;
  const asked = { from: known.recheck?.from ?? range.from, to: range.to };
  const first = await askForBars(inquiry, context.providers, { range: asked, previous: known.previous });
  if (typeof first === 'string')
    return { status: first, symbol, quarantined: quarantinedOf(refused), warnings: doubtsOf(inquiry, []), attempts };
  const answers = await fillFaults(inquiry, await settleJumps(inquiry, first, asked));
  return {
    status: 'ok',
    symbol,
    answers: answers
      .map(({ provider, usable, actions }) => ({ provider, bars: usable, actions }))
      .filter(({ bars }, place) => place === 0 || bars.length > 0),
    quarantined: quarantinedOf(refused),
    warnings: [...answers.flatMap(({ warnings }) => warnings), ...doubtsOf(inquiry, answers)],
    attempts,
  };
}

function quarantinedOf(refused: readonly RefusedBar[]): readonly QuarantinedBar[] {
  const kept = refused.filter(({ kind }) => kind !== 'stray').map(({ bar, provider, reason }) => ({ ...bar, provider, reason }));
  const groups = groupBy(kept, ({ provider, sessionDate }) => `${provider} ${sessionDate}`);
  return [...groups.values()].map(([first]) => first!);
}

/** Per session why there is nothing, as it is noted and shown. */
export function quarantineReasons(quarantined: readonly QuarantinedBar[]): ReadonlyMap<string, string> {
  const sessions = groupBy(quarantined, ({ sessionDate }) => sessionDate);
  return new Map(
    [...sessions].map(([session, bars]) => [
      session,
      `quarantined: ${bars.map(({ reason, provider }) => `${reason} (${provider})`).join('; ')}`,
    ]),
  );
}

/** A provider that sends nonsense must not drown the warnings about other symbols. */
const DOUBTS_TOLD_MAX = 5;

/** Of a session that is only checked again nothing is missing: admins see what was held back, and users need not. */
function doubtsOf({ symbol, wantedFrom, refused }: Inquiry, answers: readonly JudgedAnswer[]): readonly string[] {
  const told = refused.filter(({ kind, bar }) => (kind === 'fault' || kind === 'jump') && bar.sessionDate >= wantedFrom);
  const strays = refused.filter(({ kind }) => kind === 'stray').length;
  const more = told.length - DOUBTS_TOLD_MAX;
  return [
    ...told.slice(0, DOUBTS_TOLD_MAX).map((bar) => doubtText(symbol, bar, answers)),
    ...(more > 0 ? [`${symbol}: ${more} more bars are held back`] : []),
    ...(strays > 0 ? [`${symbol}: ${strays} bars outside the range asked for, or repeated, left out`] : []),
  ];
}

function doubtText(symbol: string, { bar, kind, provider, reason }: RefusedBar, answers: readonly JudgedAnswer[]): string {
  const instead = answers.find(({ usable }) => usable.some(({ sessionDate }) => sessionDate === bar.sessionDate));
  const what = `${symbol} ${bar.sessionDate}: the bar of ${provider} is held back, ${reason}`;
  if (instead !== undefined) return `${what}; ${instead.provider} is used instead`;
  if (kind === 'fault') return what;
  return `${what}; there is no close from then on until a split is learned, another provider confirms it, or an admin accepts it`;
}
