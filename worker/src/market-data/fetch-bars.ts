// Asks the providers in their order for one symbol, and lets no bar pass that can't be.
import { xnysCalendar, type TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import type {
  CorporateAction,
  DailyBarsResult,
  MarketDataProvider,
  OhlcvBar,
  SessionRange,
} from '@closebell/shared/market-data/provider';

/** What came of asking one provider; the reason is null when it answered with usable bars. */
export type FetchAttempt = Readonly<{ provider: string; status: DailyBarsResult['status']; reason: string | null }>;

export type RejectedBar = Readonly<{ bar: OhlcvBar; reason: string }>;

/** `attempts` holds every provider asked, in order. Without bars, `status` is the most hopeful of theirs. */
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
  | Readonly<{
      /** `unavailable`: some provider could not tell, for whatever reason of its own. */
      status: 'no_data' | 'unknown_symbol' | 'unavailable';
      symbol: string;
      rejected: readonly RejectedBar[];
      attempts: readonly FetchAttempt[];
    }>;

/**
 * The first provider with at least one usable bar wins; answers are never mixed. A provider that throws counts as unavailable. Rejects with
 * the signal's reason once it is aborted. The range must lie inside the exchange calendar.
 */
export async function fetchDailyBars(
  providers: readonly MarketDataProvider[],
  symbol: string,
  range: SessionRange,
  signal: AbortSignal,
): Promise<FetchedBars> {
  const calendar = xnysCalendar();
  const attempts: FetchAttempt[] = [];
  const rejected: RejectedBar[] = [];
  for (const provider of providers) {
    const answer = await ask(provider, symbol, range, signal);
    if (answer.status !== 'ok') {
      attempts.push({ provider: provider.name, status: answer.status, reason: answer.reason });
      continue;
    }
    const checked = checkBars(answer.bars, calendar, range);
    rejected.push(...checked.rejected);
    if (checked.bars.length === 0) {
      attempts.push({ provider: provider.name, status: 'no_data', reason: `none of its ${answer.bars.length} bars is usable` });
      continue;
    }
    attempts.push({ provider: provider.name, status: 'ok', reason: null });
    const warnings = [
      ...answer.warnings,
      ...rejected.map(({ bar, reason }) => `${symbol} ${bar.sessionDate}: bar rejected, ${reason}`),
    ];
    const actions = answer.actions.filter((action) => isPossible(action, range));
    if (actions.length < answer.actions.length)
      warnings.push(`${symbol}: ${answer.actions.length - actions.length} impossible corporate actions left out`);
    return { status: 'ok', symbol, provider: provider.name, bars: checked.bars, actions, warnings, rejected, attempts };
  }
  return { status: mostHopeful(attempts), symbol, rejected, attempts };
}

async function ask(
  provider: MarketDataProvider,
  symbol: string,
  range: SessionRange,
  signal: AbortSignal,
): Promise<DailyBarsResult> {
  signal.throwIfAborted();
  try {
    return await provider.dailyBars(symbol, range, signal);
  } catch (error) {
    signal.throwIfAborted();
    return { status: 'unavailable', symbol, reason: error instanceof Error ? error.message : String(error) };
  }
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

/** One that may answer later outweighs one that has nothing, which outweighs one that never heard of the symbol. */
function mostHopeful(attempts: readonly FetchAttempt[]): 'no_data' | 'unknown_symbol' | 'unavailable' {
  const isAboutSymbol = ({ status }: FetchAttempt): boolean => status === 'no_data' || status === 'unknown_symbol';
  if (attempts.length === 0 || !attempts.every(isAboutSymbol)) return 'unavailable';
  return attempts.some(({ status }) => status === 'no_data') ? 'no_data' : 'unknown_symbol';
}
