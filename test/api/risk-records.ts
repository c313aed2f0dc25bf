// A portfolio's risk as calculations leave it: lots with values, statistics of their symbols, the session's factor model, the risk row.
import type { Db } from '@closebell/prisma/client';
import { storePortfolioRisk } from '@closebell/prisma/portfolio-risk';
import { insertFactorModel, insertSymbolStatistics } from '@closebell/prisma/symbol-statistics';
import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import type { FactorModelOfSession } from '@closebell/shared/risk/factor-model-of-session';
import type { PortfolioRisk } from '@closebell/shared/risk/risk-figures';
import type { SymbolStatistics } from '@closebell/shared/risk/symbol-statistics';

const calendar = xnysCalendar();

/** The `count` sessions up to one. */
export const sessionsUpTo = (sessionDate: string, count: number): readonly string[] =>
  calendar.sessionsBetween(calendar.addSessions(sessionDate, 1 - count), sessionDate);

type ValuedLotRecord = Readonly<{
  portfolioId: string;
  date: string;
  symbol: string;
  value: number;
  /** The value itself unless told; null: an option without a mark. */
  delta?: number | null;
  investmentClass?: 'PUBLIC' | 'OPTIONS' | 'PRIVATE';
  subtype?: string | null;
  quantity?: number;
  option?: Readonly<{ underlying: string; strike: number; expires: string; type: 'CALL' | 'PUT' }> | null;
  priceSource?: string;
}>;

/** A lot and its value at one session; its id. */
export async function insertValuedLot(
  db: Db,
  {
    portfolioId,
    date,
    symbol,
    value,
    delta = value,
    option = null,
    investmentClass = option === null ? 'PUBLIC' : 'OPTIONS',
    subtype = null,
    quantity = Math.sign(value),
    priceSource = 'close',
  }: ValuedLotRecord,
): Promise<string> {
  const { rows } = await db.pool.query<{ id: string }>(
    `INSERT INTO positions (portfolio_id, symbol, investment_class, investment_subtype, quantity, entry_price, entry_date, underlying_symbol,
       strike_price, expiration_date, option_type)
     VALUES ($1, $2, $3, $4, $5, 100, '2025-01-02', $6, $7, $8, $9) RETURNING id`,
    [
      portfolioId,
      symbol,
      investmentClass,
      subtype,
      quantity,
      option?.underlying ?? null,
      option?.strike ?? null,
      option?.expires ?? null,
      option?.type ?? null,
    ],
  );
  const positionId = rows[0]!.id;
  await db.pool.query(
    `INSERT INTO position_values (portfolio_id, session_date, position_id, quantity, price, price_source, price_date, age_sessions, market_value,
       cost_basis, unrealised_pnl, delta_adjusted_value)
     VALUES ($1, $2, $3, $4, 100, $5, $2, 0, $6, 0, 0, $7)`,
    [portfolioId, date, positionId, quantity, priceSource, value, delta],
  );
  return positionId;
}

/** Two factors that share half of their variance; rates are absent. */
export const TWO_FACTORS: Omit<FactorModelOfSession, 'sessionDate'> = {
  factors: ['MKT', 'VMG'],
  proxies: {
    market_beta: 'SPY',
    value: 'VTV',
    growth: 'VUG',
    momentum: null,
    quality: null,
    size: null,
    low_volatility: null,
    interest_rate: null,
  },
  covariance: Float64Array.of(1e-4, 5e-5, 5e-5, 1e-4),
  observations: 1_260,
  isShrunk: false,
};

export const insertModel = (db: Db, sessionDate: string, model: Partial<FactorModelOfSession> = {}): Promise<void> =>
  insertFactorModel(db.pool, { ...TWO_FACTORS, ...model, sessionDate });

const alone = (beta: number) => ({ beta, standard_error: 0.1, r_squared: 0.5, observations: 90 });

/** Statistics of a symbol, complete but for what is told. */
export function statisticsOf(symbol: string, known: Partial<SymbolStatistics> = {}): SymbolStatistics {
  return {
    symbol,
    observations: 252,
    betas: Float64Array.of(1, 0),
    standardErrors: Float64Array.of(0.1, 0.1),
    rSquared: 0.5,
    residualVolatility: 0.2,
    conditionNumber: 2,
    isExtreme: false,
    univariate: { spy_90: alone(1.1), spy_252: alone(1.2), tlt_90: alone(-0.1) },
    volatility: { realized_21: 0.2, realized_63: 0.25, ewma: 0.22, forecast: 0.21, trend: -0.2, percentile: 0.4 },
    drawdown: null,
    reasons: {},
    ...known,
  };
}

export const insertStatistics = (db: Db, sessionDate: string, ...statistics: readonly SymbolStatistics[]): Promise<void> =>
  insertSymbolStatistics(db.pool, sessionDate, statistics);

/** A row in which nothing is known but what is told. */
export async function insertRisk(
  db: Db,
  {
    portfolioId,
    date,
    equity,
    ...known
  }: Readonly<{ portfolioId: string; date: string; equity: number }> & Partial<PortfolioRisk>,
): Promise<void> {
  const none: PortfolioRisk = {
    coverage: null,
    exposures: null,
    stress: null,
    optionImpacts: {},
    valueAtRisk: null,
    volatility: null,
    concentration: null,
    metrics: null,
    failedParts: {},
  };
  const sessions = { sessionDate: date, previousSession: calendar.previousSession(date) };
  await storePortfolioRisk(db.pool, sessions, [{ ...none, ...known, portfolioId, equity: String(equity) }]);
}

/** Closes of consecutive sessions that end at one, from 100 on by the returns given. */
export async function insertCloses(db: Db, symbol: string, lastSession: string, returns: readonly number[]): Promise<void> {
  let close = 100;
  const closes = [close, ...returns.map((value) => (close *= 1 + value))];
  await db.pool.query(
    `INSERT INTO price_bars (symbol, session_date, close, provider) SELECT $1, date, close, 'files' FROM unnest($2::date[], $3::numeric[]) AS given (date, close)`,
    [symbol, sessionsUpTo(lastSession, closes.length), closes.map((value) => value.toFixed(6))],
  );
}

/** Snapshots of consecutive sessions that end at one, with their daily returns. */
export async function insertReturns(
  db: Db,
  {
    portfolioId,
    lastSession,
    returns,
    equity = 100_000,
  }: Readonly<{
    portfolioId: string;
    lastSession: string;
    returns: readonly (number | null)[];
    equity?: number;
  }>,
): Promise<void> {
  await db.pool.query(
    `INSERT INTO portfolio_snapshots (portfolio_id, snapshot_date, is_complete, equity, cash, long_value, short_value, gross_value, net_value,
       options_value, private_value, position_count, long_count, short_count, option_count, daily_pnl, daily_return, cumulative_pnl, realised_pnl,
       capital_flow, coverage, valuation, input_hash)
     SELECT $1, date, true, $4, $4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, daily_return, 0, 0, 0, 1, 'full', '\\x00'
     FROM unnest($2::date[], $3::float8[]) AS given (date, daily_return)`,
    [portfolioId, sessionsUpTo(lastSession, returns.length), returns, equity],
  );
}

/** The mark of an option lot at one session; at a volatility of 0.2 and a rate of 0 unless told. */
export async function insertMark(
  db: Db,
  {
    positionId,
    date,
    underlyingClose,
    volatility = 0.2,
    rate = 0,
  }: Readonly<{ positionId: string; date: string; underlyingClose: number; volatility?: number; rate?: number }>,
): Promise<void> {
  await db.pool.query(
    `INSERT INTO option_marks (position_id, session_date, price, delta, underlying_close, entry_close, volatility, rate, iv_source)
     VALUES ($1, $2, 1, 0, $3, $3, $4, $5, 'entry')`,
    [positionId, date, underlyingClose, volatility, rate],
  );
}
