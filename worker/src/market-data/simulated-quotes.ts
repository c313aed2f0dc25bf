// Quotes of the invented market: during a session a walk that leads from the close before to the session's own, outside it the last close.
import type { TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import type { Quote } from '@closebell/shared/market-data/provider';
import { normalAt, streamKey } from './counter-random.js';
import { SESSIONS_PER_YEAR, simulatedPath, toCents, type SimulatedMarket } from './simulated-market.js';
import type { SimulatedSecurity } from './simulated-universe.js';

/** `elapsed`: the part of the session that is over by then, 0 to 1. */
export type QuoteMoment = Readonly<{ sessionIndex: number; elapsed: number; quotedAt: Date }>;

/** The last second, at or before `now`, at which the exchange traded. */
export function quoteMoment(calendar: TradingCalendar, now: Date): QuoteMoment {
  const today = calendar.sessionOnOrBefore(calendar.newYorkDate(now));
  const session = now < calendar.openInstant(today) ? calendar.previousSession(today) : today;
  const opensMs = calendar.openInstant(session).getTime();
  const closesMs = calendar.closeInstant(session).getTime();
  const quotedMs = Math.min(Math.floor(now.getTime() / 1_000) * 1_000, closesMs);
  const elapsed = (quotedMs - opensMs) / (closesMs - opensMs);
  return { sessionIndex: calendar.sessionIndex(session), elapsed, quotedAt: new Date(quotedMs) };
}

export function simulatedQuote(
  market: SimulatedMarket,
  security: SimulatedSecurity,
  symbol: string,
  { sessionIndex, elapsed, quotedAt }: QuoteMoment,
): Quote {
  const { closes, dividends } = simulatedPath(market, security, sessionIndex - 1, sessionIndex);
  const [previousClose = Number.NaN, close = Number.NaN] = closes;
  const start = previousClose - (dividends[1] ?? 0);
  const daily = (security.ownVolatility / Math.sqrt(SESSIONS_PER_YEAR)) * (market.agitation[sessionIndex] ?? 1);
  const key = streamKey(market.seed, `walk ${security.symbol}`);
  const detour = daily * bridge(key, sessionIndex - market.referenceIndex, elapsed);
  const price = start * (close / start) ** elapsed * Math.exp(detour);
  return { symbol, price: toCents(price), previousClose, currency: 'USD', quotedAt: quotedAt.toISOString() };
}

const WAVES = 24;

/** A Brownian bridge over a session by the first waves of its series: 0 at both ends, and the same whenever one looks. */
function bridge(key: number, session: number, elapsed: number): number {
  let sum = 0;
  for (let wave = 1; wave <= WAVES; wave += 1) {
    const weight = normalAt(key, session * WAVES + wave) / (wave * Math.PI);
    sum += weight * Math.SQRT2 * Math.sin(wave * Math.PI * elapsed);
  }
  return sum;
}
