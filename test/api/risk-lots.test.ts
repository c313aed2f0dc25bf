// The lots of a portfolio as their risk sees them: one rule for what is stored and for what is shown.
import { randomUUID } from 'node:crypto';
import { loadRiskLots } from '@closebell/prisma/risk-lots';
import { loadValuedLots } from '@closebell/prisma/valued-lots';
import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import { riskLot, type RiskLot } from '@closebell/shared/risk/risk-lots';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startDomainApi, type DomainApi } from './domain-api.js';
import { insertPortfolio } from './records.js';
import { insertMark, insertValuedLot } from './risk-records.js';

const DATE = '2025-03-12';

let api: DomainApi;
let portfolioId: string;

beforeAll(async () => {
  api = await startDomainApi('2025-03-12T22:00:00Z');
  const { userId } = await api.user();
  portfolioId = await insertPortfolio(api.db, { userId, accountName: randomUUID() });
  const lot = { portfolioId, date: DATE };
  const option = { underlying: 'AAA', strike: 90, expires: '2025-06-20', type: 'PUT' as const };
  await insertValuedLot(api.db, { ...lot, symbol: 'AAA', value: 60_000 });
  await insertValuedLot(api.db, { ...lot, symbol: 'BBB', value: -20_000 });
  await insertValuedLot(api.db, { ...lot, symbol: 'UNPRICED', value: 7_000, priceSource: 'no_price' });
  await insertValuedLot(api.db, { ...lot, symbol: 'HOUSE', value: 10_000, investmentClass: 'PRIVATE', priceSource: 'manual' });
  await insertValuedLot(api.db, { ...lot, symbol: 'CASH_USD', value: 5_000, priceSource: 'par' });
  const marked = { ...lot, symbol: 'AAA250620P00090000', value: 900, delta: -4_000, quantity: 3, option, priceSource: 'model' };
  await insertMark(api.db, { positionId: await insertValuedLot(api.db, marked), date: DATE, underlyingClose: 100 });
  const unmarked = { ...lot, symbol: 'AAA250620P00080000', value: 300, delta: null, option, priceSource: 'no_price' };
  await insertValuedLot(api.db, unmarked);
});
afterAll(() => api.close());

const withoutOption = (lot: RiskLot): RiskLot => ({ ...lot, option: null });
const bySymbol = (a: Readonly<{ symbol: string }>, b: Readonly<{ symbol: string }>): number => (a.symbol < b.symbol ? -1 : 1);

it('calculations and answers see each kind of lot alike, but for what revalues an option', async () => {
  const calculated = (await loadRiskLots({ client: api.db.pool, calendar: xnysCalendar() }, [portfolioId], DATE)).get(
    portfolioId,
  )!;
  const shown = (await loadValuedLots(api.db.pool, [portfolioId], DATE)).map((lot) => riskLot(lot));
  expect(calculated).toHaveLength(7);
  expect(calculated.map(withoutOption)).toEqual(shown.map(withoutOption).toSorted(bySymbol));
  const [put] = calculated.filter(({ kind }) => kind === 'option');
  expect(put).toMatchObject({
    riskSymbol: 'AAA',
    deltaValue: -4_000,
    option: { units: 300, terms: { type: 'put', spot: 100, strike: 90 } },
  });
  expect(calculated.filter(({ kind }) => kind === 'unknown').map(({ symbol }) => symbol)).toEqual([
    'AAA250620P00080000',
    'HOUSE',
    'UNPRICED',
  ]);
});
