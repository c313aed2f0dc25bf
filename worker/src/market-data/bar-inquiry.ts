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
  /** The newest close before the range asked for. */
  previous: DatedClose | null;
  splits: readonly SplitRatio[];
  /** Bars that an admin has accepted. */
  accepted: readonly (DatedClose & Readonly<{ provider: string }>)[];
}>;

export type RefusedBar = RejectedBar & Readonly<{ provider: string }>;

export type Inquiry = Readonly<{
  context: Pick<WorkerContext, 'providers' | 'metrics'>;
  symbol: string;
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

/** The first of the providers with a sound bar. `from` are those that may be asked. */
export async function askForBars(
  { context, symbol, known, signal, attempts, refused }: Inquiry,
  from: readonly MarketDataProvider[],
  { range, previous }: InquiryRange,
): Promise<JudgedAnswer | Verdict> {
  const answered = await askInOrder(
    { ...context, providers: from },
    async (provider) =>
      judge(provider.name, await provider.dailyBars(symbol, range, signal), { range, previous }, known, refused),
    signal,
  );
  attempts.push(...answered.attempts);
  return answered.status === 'ok' ? answered.value : answered.status;
}

/** Two closes of one session that rounding tells apart, and no more: half a cent in a hundred dollars. */
const SAME_WITHIN = 5e-5;

/** An answer without a sound bar is garbage. */
function judge(
  provider: string,
  answer: DailyBarsResult,
  { range, previous }: InquiryRange,
  { splits, accepted }: KnownPrices,
  refused: RefusedBar[],
): Answer<JudgedAnswer> {
  if (answer.status !== 'ok') return answer;
  const actions = answer.actions.filter((action) => isPossible(action, range));
  const rules: BarRules = {
    calendar: xnysCalendar(),
    range,
    previous,
    splits: onePerDay([...splits, ...splitsOf(actions)]),
    isAccepted: (bar) =>
      accepted.some(
        (known) => known.provider === provider && known.sessionDate === bar.sessionDate && isWithin(bar, known, SAME_WITHIN),
      ),
    isConfirmed: () => false,
  };
  const { usable, rejected } = judgeBars(answer.bars, rules);
  const held = rejected.filter(isHeld);
  const unsound = rejected.filter((bar) => !isHeld(bar));
  refused.push(...unsound.map((bar) => ({ ...bar, provider })));
  if (usable.length + held.length === 0) {
    const why = unsound[0] === undefined ? '' : ` (${unsound[0].bar.sessionDate}: ${unsound[0].reason})`;
    return { status: 'garbage', reason: `none of its ${answer.bars.length} bars is usable${why}` };
  }
  const left = answer.actions.length - actions.length;
  const warnings = left === 0 ? [] : [`${answer.symbol}: ${left} impossible corporate actions left out`];
  return { status: 'ok', value: { provider, rules, usable, held, actions, warnings: [...answer.warnings, ...warnings] } };
}

export function isHeld({ kind }: RejectedBar): boolean {
  return kind === 'jump' || kind === 'follows';
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
