// A book of two stocks, one of them short, a private holding and cash, with everything a calculation leaves of it: worked out by hand.
import { randomUUID } from 'node:crypto';
import { fieldsOf, type Caller } from './caller.js';
import type { DomainApi } from './domain-api.js';
import { insertPortfolio, insertSnapshot } from './records.js';
import { insertModel, insertRisk, insertStatistics, insertValuedLot, statisticsOf } from './risk-records.js';

export const DATE = '2025-03-12';
export const EQUITY = 100_000;
/** AAA, BBB and cash of 95,000. */
export const COVERAGE = 85 / 95;

export type FactorBook = Readonly<{
  portfolioId: string;
  lots: Readonly<Record<'AAA' | 'BBB' | 'HOUSE' | 'CASH_USD', string>>;
  /** An answer below /analytics/portfolio/{id}. */
  read: (path: string) => Promise<Record<string, unknown>>;
}>;

/** In a database without any other; statistics and the risk row are the test's. */
export async function makeFactorBook({ db }: DomainApi, user: Caller): Promise<FactorBook> {
  await db.pool.query(`TRUNCATE portfolios, factor_models, symbol_statistics CASCADE`);
  const portfolioId = await insertPortfolio(db, { userId: user.userId, accountName: randomUUID() });
  await insertSnapshot(db, { portfolioId, date: DATE, equity: EQUITY });
  const lot = { portfolioId, date: DATE };
  const house = { symbol: 'HOUSE', value: 10_000, investmentClass: 'PRIVATE', priceSource: 'manual' } as const;
  const lots = {
    AAA: await insertValuedLot(db, { ...lot, symbol: 'AAA', value: 60_000 }),
    BBB: await insertValuedLot(db, { ...lot, symbol: 'BBB', value: -20_000 }),
    HOUSE: await insertValuedLot(db, { ...lot, ...house }),
    CASH_USD: await insertValuedLot(db, { ...lot, symbol: 'CASH_USD', value: 5_000, priceSource: 'par' }),
  };
  await insertModel(db, DATE);
  const read = async (path: string) =>
    fieldsOf<Record<string, unknown>>(await user.get(`/analytics/portfolio/${portfolioId}/${path}`), 200);
  return { portfolioId, lots, read };
}

export const ofAAA = {
  betas: Float64Array.of(1, 0.5),
  standardErrors: Float64Array.of(0.1, 0.2),
  residualVolatility: 0.2,
  rSquared: 0.6,
};
export const ofBBB = {
  betas: Float64Array.of(2, -1),
  standardErrors: Float64Array.of(0.3, 0.1),
  residualVolatility: 0.3,
  rSquared: 0.4,
  observations: 120,
};
export const insertBoth = ({ db }: DomainApi): Promise<void> =>
  insertStatistics(db, DATE, statisticsOf('AAA', ofAAA), statisticsOf('BBB', ofBBB));

export const lines = (total: number, ...byFactor: readonly number[]) => ({
  total,
  byFactor: Float64Array.from(byFactor),
  optionRest: 0,
  priceFloor: 0,
});
/** The market falls by 10 %; value, which has half of its covariance, goes along by half. */
export const DOWN_10 = {
  scenarioId: 'market_down_10',
  direct: lines(-2_000, -2_000, 0),
  correlated: lines(-4_500, -2_000, -2_500),
};
const UP_10 = { scenarioId: 'market_up_10', direct: lines(2_000, 2_000, 0), correlated: lines(4_500, 2_000, 2_500) };
export const insertRow = ({ db }: DomainApi, portfolioId: string): Promise<void> =>
  insertRisk(db, {
    portfolioId,
    date: DATE,
    equity: EQUITY,
    coverage: COVERAGE,
    exposures: Float64Array.of(20_000, 50_000),
    stress: [UP_10, DOWN_10],
  });
