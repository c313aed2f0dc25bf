// One symbol's daily bars from the providers in their order; no bar passes that can't be.
import { xnysCalendar, type TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import type { Answer, CorporateAction, DailyBarsResult, OhlcvBar, SessionRange } from '@closebell/shared/market-data/provider';
import type { WorkerContext } from '../context.js';
import { askInOrder, type FetchAttempt, type Verdict } from './ask-in-order.js';

export type RejectedBar = Readonly<{ bar: OhlcvBar; reason: string }>;

/** `attempts` holds every provider asked, in order. */
export type FetchedBars =
  | Readonly<{
      status: 'ok';
      symbol: string;
      provider: string;
      /** Oldest first, one per session, inside the range. */
      bars: readonly OhlcvBar[];
      actions: readonly CorporateAction[];
      warnings: readonly string[];
      rejected: readonly RejectedBar[];
      attempts: readonly FetchAttempt[];
    }>
  | Readonly<{ status: Verdict; symbol: string; rejected: readonly RejectedBar[]; attempts: readonly FetchAttempt[] }>;

/**
 * The first provider with at least one usable bar wins; answers are never mixed. Rejects with the signal's reason once it is aborted. The
 * range must lie inside the exchange calendar.
 */
export async function fetchDailyBars(
  context: Pick<WorkerContext, 'providers' | 'metrics'>,
  symbol: string,
  range: SessionRange,
  signal: AbortSignal,
): Promise<FetchedBars> {
  const rejected: RejectedBar[] = [];
  const answered = await askInOrder(
    context,
    async (provider) => usable(await provider.dailyBars(symbol, range, signal), range, rejected),
    signal,
  );
  if (answered.status !== 'ok') return { ...answered, symbol, rejected };
  const { provider, value, attempts } = answered;
  const refused = rejected.map(({ bar, reason }) => `${symbol} ${bar.sessionDate}: bar rejected, ${reason}`);
  return { status: 'ok', symbol, provider, ...value, warnings: [...value.warnings, ...refused], rejected, attempts };
}

type UsableBars = Readonly<{ bars: readonly OhlcvBar[]; actions: readonly CorporateAction[]; warnings: readonly string[] }>;

/** What of an answer can be; what can't goes to `rejected`. An answer of nothing else is garbage. */
function usable(answer: DailyBarsResult, range: SessionRange, rejected: RejectedBar[]): Answer<UsableBars> {
  if (answer.status !== 'ok') return answer;
  const checked = checkBars(answer.bars, xnysCalendar(), range);
  rejected.push(...checked.rejected);
  if (checked.bars.length === 0) return { status: 'garbage', reason: `none of its ${answer.bars.length} bars is usable` };
  const actions = answer.actions.filter((action) => isPossible(action, range));
  const left = answer.actions.length - actions.length;
  const warnings = left === 0 ? [] : [`${answer.symbol}: ${left} impossible corporate actions left out`];
  return { status: 'ok', value: { bars: checked.bars, actions, warnings: [...answer.warnings, ...warnings] } };
}

function checkBars(bars: readonly OhlcvBar[], calendar: TradingCalendar, range: SessionRange) {
  const kept = new Map<string, OhlcvBar>();
  const rejected: RejectedBar[] = [];
  for (const bar of bars) {
    const reason = kept.has(bar.sessionDate) ? 'the session has a bar already' : faultOf(bar, calendar, range);
    if (reason === null) kept.set(bar.sessionDate, bar);
    else rejected.push({ bar, reason });
  }
  return { bars: [...kept.values()].sort((a, b) => (a.sessionDate < b.sessionDate ? -1 : 1)), rejected };
}

/** Why a bar can't be, or null. */
function faultOf(bar: OhlcvBar, calendar: TradingCalendar, range: SessionRange): string | null {
  if (bar.sessionDate < range.from || bar.sessionDate > range.to) return 'outside the range asked for';
  if (!calendar.isSession(bar.sessionDate)) return 'the exchange was closed';
  if (!isPrice(bar.close)) return `close ${bar.close} is no price`;
  const others = [bar.open, bar.high, bar.low].filter((price) => price !== null);
  if (!others.every(isPrice)) return 'open, high or low is no price';
  if (bar.high !== null && bar.low !== null && bar.high < bar.low) return `high ${bar.high} is below low ${bar.low}`;
  if (bar.volume !== null && bar.volume < 0n) return 'volume is negative';
  return null;
}

function isPossible(action: CorporateAction, range: SessionRange): boolean {
  if (action.exDate < range.from || action.exDate > range.to) return false;
  if (action.type === 'dividend') return isPrice(action.amount);
  return isPrice(action.numerator) && isPrice(action.denominator);
}

function isPrice(value: number): boolean {
  return Number.isFinite(value) && value > 0;
}
