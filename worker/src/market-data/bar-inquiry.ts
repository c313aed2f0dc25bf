// Asks providers for one symbol's bars and judges what they answer. It keeps the books: who was asked, and which bars were refused.
import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import type {
  Answer,
  CorporateAction,
  DailyBarsResult,
  MarketDataProvider,
  OhlcvBar,
  SessionRange,
} from '@closebell/shared/market-data/provider';
import type { WorkerContext } from '../context.js';
import { askInOrder, type FetchAttempt, type Verdict } from './ask-in-order.js';
import { isPrice, judgeBars, type BarRules, type DatedClose, type RejectedBar, type SplitRatio } from './bar-checks.js';

/** What is stored of a symbol that its new bars are judged by. */
export type KnownPrices = Readonly<{
  /** The newest close before the first session asked for. */
  previous: DatedClose | null;
  /** Stored sessions that are asked for again along with those wanted; null: none are. */
  recheck: Recheck | null;
  splits: readonly SplitRatio[];
  /** Bars that an admin has accepted. */
  accepted: readonly (DatedClose & Readonly<{ provider: string }>)[];
}>;

/** `from`: its first session. `closes`: what is stored from there on, of sessions before those wanted. */
type Recheck = Readonly<{ from: string; closes: readonly DatedClose[] }>;

export type RefusedBar = RejectedBar & Readonly<{ provider: string }>;

export type Inquiry = Readonly<{
  context: Pick<WorkerContext, 'providers' | 'metrics'>;
  symbol: string;
  /** The first session that is missing: those before it are only checked again, and nobody else is asked about them. */
  wantedFrom: string;
  known: KnownPrices;
  signal: AbortSignal;
  /** Grows by every provider asked, in order. */
  attempts: FetchAttempt[];
  /** Grows by what is refused for good. */
  refused: RefusedBar[];
}>;

/** One provider's answer. Every sound bar of it is usable or held. */
export type JudgedAnswer = Readonly<{
  provider: string;
  rules: BarRules;
  usable: readonly OhlcvBar[];
  /** Jumps and what follows them: not refused yet, as another provider may know better. */
  held: readonly RejectedBar[];
  actions: readonly CorporateAction[];
  warnings: readonly string[];
}>;

export type InquiryRange = Readonly<{ range: SessionRange; previous: DatedClose | null }>;

/** The first of the providers with a sound bar of the sessions wanted. `from` are those that may be asked. */
export async function askForBars(
  inquiry: Inquiry,
  from: readonly MarketDataProvider[],
  { range, previous }: InquiryRange,
): Promise<JudgedAnswer | Verdict> {
  const { context, symbol, signal } = inquiry;
  const answered = await askInOrder(
    { ...context, providers: from },
    async (provider) => judge(inquiry, provider.name, await provider.dailyBars(symbol, range, signal), { range, previous }),
    signal,
  );
  inquiry.attempts.push(...answered.attempts);
  return answered.status === 'ok' ? answered.value : answered.status;
}

/** Two closes of one session that rounding tells apart, and no more: half a cent in a hundred dollars. */
const SAME_WITHIN = 5e-5;

/** An answer without a sound bar of the sessions wanted is garbage; one that ends before them has none. */
function judge(
  { symbol, wantedFrom, known, refused }: Inquiry,
  provider: string,
  answer: DailyBarsResult,
  { range, previous }: InquiryRange,
): Answer<JudgedAnswer> {
  if (answer.status !== 'ok') return answer;
  const times = otherBasis(answer.bars, known.recheck?.closes ?? []);
  if (times !== null)
    return {
      status: 'garbage',
      reason: `its closes are ${times.toFixed(3)} times those known of the same sessions: adjusted otherwise?`,
    };
  const actions = answer.actions.filter((action) => isPossible(action, range));
  const rules: BarRules = {
    calendar: xnysCalendar(),
    range,
    previous,
    splits: onePerDay([...known.splits, ...splitsOf(actions)]),
    isAccepted: (bar) => known.accepted.some((one) => one.provider === provider && isSameClose(bar, one)),
    // What is stored has been believed once.
    isConfirmed: (bar) => known.recheck?.closes.some((stored) => isSameClose(bar, stored)) ?? false,
  };
  const { usable, rejected } = judgeBars(answer.bars, rules);
  const held = rejected.filter(isHeld);
  const unsound = rejected.filter((bar) => !isHeld(bar));
  refused.push(...unsound.map((bar) => ({ ...bar, provider })));
  if (![...usable, ...held.map(({ bar }) => bar)].some(({ sessionDate }) => sessionDate >= wantedFrom)) {
    const given = answer.bars.filter(({ sessionDate }) => sessionDate >= wantedFrom);
    const [flaw] = unsound.filter(({ bar }) => given.includes(bar));
    const why = flaw === undefined ? '' : ` (${flaw.bar.sessionDate}: ${flaw.reason})`;
    if (given.length > 0 || answer.bars.length === 0)
      return { status: 'garbage', reason: `none of its ${given.length} bars is usable${why}` };
    return { status: 'no_data', reason: `${provider} has no bar of ${symbol} from ${wantedFrom} to ${range.to}` };
  }
  const left = answer.actions.length - actions.length;
  const warnings = left === 0 ? [] : [`${answer.symbol}: ${left} impossible corporate actions left out`];
  return { status: 'ok', value: { provider, rules, usable, held, actions, warnings: [...answer.warnings, ...warnings] } };
}

/** In most of so many sessions, at least, two sources that mean the same prices are no further apart. */
const COMPARED_CLOSES_MIN = 3;
const OTHER_BASIS_BEYOND = 0.02;

/**
 * How many times what is stored an answer's closes are, when most of them are not the same: they are split-adjusted, or of another listing
 * or currency, and so is the new one. A correction is of single sessions. Null: they are on the same basis, as far as can be told.
 */
function otherBasis(bars: readonly OhlcvBar[], stored: readonly DatedClose[]): number | null {
  const closeOf = new Map(bars.filter(({ close }) => isPrice(close)).map(({ sessionDate, close }) => [sessionDate, close]));
  const both = stored.filter(({ sessionDate }) => closeOf.has(sessionDate));
  const times = both.map(({ sessionDate, close }) => closeOf.get(sessionDate)! / close);
  const apart = times.filter((each) => Math.abs(each - 1) > OTHER_BASIS_BEYOND);
  return times.length >= COMPARED_CLOSES_MIN && apart.length > times.length / 2 ? apart.at(-1)! : null;
}

export function isHeld({ kind }: RejectedBar): boolean {
  return kind === 'jump' || kind === 'follows';
}

function isSameClose(bar: OhlcvBar, known: DatedClose): boolean {
  return bar.sessionDate === known.sessionDate && isWithin(bar, known, SAME_WITHIN);
}

/** `tolerance`: the part of the second close that the two may differ by. */
export function isWithin(one: Pick<OhlcvBar, 'close'>, other: Pick<OhlcvBar, 'close'>, tolerance: number): boolean {
  return Math.abs(one.close - other.close) <= tolerance * other.close;
}

export function splitsOf(actions: readonly CorporateAction[]): readonly SplitRatio[] {
  return actions.flatMap((action) =>
    action.type === 'split' ? [{ exDate: action.exDate, ratio: action.numerator / action.denominator }] : [],
  );
}

/** The first counts: what is stored is never replaced, so figures go by it too. */
function onePerDay(splits: readonly SplitRatio[]): readonly SplitRatio[] {
  return [...new Map(splits.toReversed().map((split) => [split.exDate, split])).values()];
}

function isPossible(action: CorporateAction, range: SessionRange): boolean {
  if (action.exDate < range.from || action.exDate > range.to) return false;
  if (action.type === 'dividend') return isPrice(action.amount);
  return isPrice(action.numerator) && isPrice(action.denominator);
}
