import { listHeldSymbolValues, type HeldSymbolValue } from '@closebell/prisma/held-symbol-values';
import { FACTORS } from '@closebell/shared/calc/factors';
import { getFactorPrices, getPortfolioPrices, LEFT_OUT_MAX, meansFactor } from '@closebell/shared/contracts/price-history';
import type { Router } from 'express';
import type { ApiContext } from '../context.js';
import { requireReadable } from '../portfolio-access.js';
import { readPriceHistory, type PriceHistory } from '../price-history.js';
import { route } from '../route.js';

export function dataPriceRoutes(router: Router, context: ApiContext): void {
  portfolioRoute(router, context);
  factorRoute(router, context);
}

function portfolioRoute(router: Router, context: ApiContext): void {
  const { db, calendar } = context;

  route(router, context, getPortfolioPrices, async ({ params, query, principal, now }) => {
    const { id } = await requireReadable(db, params.id, principal.userId);
    const [today, to] = [calendar.newYorkDate(now), calendar.latestCompleteSession(now)];
    const held = await listHeldSymbolValues(db.pool, id, { today, session: to });
    const shown = held.slice(0, query.max_symbols);
    const etfs = query.include_factor_etfs === 'true' ? FACTOR_ETFS : [];
    if (held.length + etfs.length === 0) return { status: 200, body: nothingPriced(id) };
    const symbols = [...new Set([...shown.map(({ symbol }) => symbol), ...etfs])];
    const request = { symbols, to, lookback: query.lookback_days, dateFormat: query.date_format };
    const { dates, series, metadata } = await readPriceHistory(context, request);
    const leftOut = held.slice(query.max_symbols).map(({ symbol }) => symbol);
    return {
      status: 200,
      body: {
        available: true,
        portfolio_id: id,
        dates,
        symbols: viewHeld(series, held),
        truncated: leftOut.length > 0,
        left_out: leftOut.slice(0, LEFT_OUT_MAX),
        symbols_total: held.length,
        without_closes: [...series.values()].filter(({ closes_count: count }) => count === 0).map(({ symbol }) => symbol),
        metadata,
      },
    };
  });
}

function factorRoute(router: Router, context: ApiContext): void {
  const { calendar } = context;

  route(router, context, getFactorPrices, async ({ query, now }) => {
    const asked = askedFor(query.factors);
    const { dates, series, metadata } = await readPriceHistory(context, {
      symbols: [...new Set(asked.flatMap(({ candidates }) => candidates))],
      to: calendar.latestCompleteSession(now),
      lookback: query.lookback_days,
      dateFormat: query.date_format,
    });
    const factors = asked.map(({ factor: { id, name, proxy }, candidates }) => ({
      ...firstWithCloses(series, candidates),
      id,
      name,
      proxy,
    }));
    if (factors.every(({ closes_count: count }) => count === 0)) return { status: 200, body: NO_BENCHMARK };
    return { status: 200, body: { available: true, dates, factors, metadata } };
  });
}

const FACTOR_ETFS = FACTORS.map(({ proxy }) => proxy);

function nothingPriced(portfolioId: string) {
  const message = 'No open lot of this portfolio has prices of its own: private holdings and cash have none.';
  return { available: false, reason: 'insufficient_symbols', message, portfolio_id: portfolioId };
}

function viewHeld(series: PriceHistory['series'], held: readonly HeldSymbolValue[]) {
  const valueOf = new Map(held.map(({ symbol, value }) => [symbol, Math.round(value * 1e4) / 1e4]));
  return [...series.values()].map((own) => ({
    ...own,
    market_value: valueOf.get(own.symbol) ?? null,
    is_held: valueOf.has(own.symbol),
    factor: FACTORS.find(({ proxy }) => proxy === own.symbol)?.name ?? null,
  }));
}

type Factor = (typeof FACTORS)[number];
/** The symbols that may be shown for a factor: the first that has closes is. */
type AskedFactor = Readonly<{ factor: Factor; candidates: readonly string[] }>;

/** A factor by its name may be shown by a fallback, one by an ETF is shown by that. */
function askedFor(words: readonly string[] | undefined): readonly AskedFactor[] {
  if (words === undefined) return FACTORS.map(byName);
  return words.flatMap((word): readonly AskedFactor[] => {
    const named = FACTORS.find(({ id, name }) => meansFactor(word, id) || meansFactor(word, name));
    if (named !== undefined) return [byName(named)];
    return FACTORS.flatMap((factor) =>
      symbolsOf(factor)
        .filter((symbol) => meansFactor(word, symbol))
        .map((symbol) => ({ factor, candidates: [symbol] })),
    );
  });
}

function byName(factor: Factor): AskedFactor {
  return { factor, candidates: symbolsOf(factor) };
}

function symbolsOf({ proxy, fallbacks }: Factor): readonly string[] {
  return [proxy, ...fallbacks];
}

/** The first symbol where none has any. */
function firstWithCloses(series: PriceHistory['series'], candidates: readonly string[]) {
  const all = candidates.map((symbol) => series.get(symbol)!);
  return all.find(({ closes_count: count }) => count > 0) ?? all[0]!;
}

const NO_BENCHMARK = {
  available: false,
  reason: 'no_benchmark_data',
  message: 'No close of these ETFs is stored for the sessions asked for. They are fetched with the next calculation.',
} as const;
