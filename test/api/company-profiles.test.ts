// What is known of securities is told as it is stored: nothing invented, and what is not known is said to be missing.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectError, fieldsOf, type Caller } from './caller.js';
import { startDomainApi, type DomainApi } from './domain-api.js';

let api: DomainApi;
let user: Caller;
beforeAll(async () => {
  api = await startDomainApi('2025-03-14T22:00:00Z');
  user = await api.user();
  await api.db.pool.query(
    `INSERT INTO securities (symbol, name, security_type, sector, industry, exchange, country, currency, market_cap, beta, profile_by, profile_at)
     VALUES ('ACME', 'Acme Anvils', 'EQUITY', 'Industrials', 'Heavy Things', 'NYSE', 'United States', 'USD', 1234567890.5, 1.1, 'yahoo', '2025-03-08T06:00:01Z'),
       ('BRK.B', 'Brook & Co', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'fmp', '2025-03-08T06:00:02Z'),
       ('PRICED', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`,
  );
});
afterAll(() => api.close());

type Answer = Readonly<{ profiles: readonly unknown[]; missing: readonly string[] }>;
const read = async (symbols: string) => fieldsOf<Answer>(await user.get(`/data/company-profiles?symbols=${symbols}`), 200);

it('profiles come in the order asked, with null for what nobody said, and the others are missing', async () => {
  expect(await read('NOPE,brk-b, ACME,PRICED,ACME,')).toEqual({
    profiles: [
      {
        symbol: 'BRK.B',
        name: 'Brook & Co',
        security_type: null,
        sector: null,
        industry: null,
        exchange: null,
        country: null,
        currency: null,
        market_cap: null,
        beta: null,
        provider: 'fmp',
        as_of: '2025-03-08T06:00:02.000Z',
      },
      {
        symbol: 'ACME',
        name: 'Acme Anvils',
        security_type: 'EQUITY',
        sector: 'Industrials',
        industry: 'Heavy Things',
        exchange: 'NYSE',
        country: 'United States',
        currency: 'USD',
        market_cap: 1_234_567_890.5,
        beta: 1.1,
        provider: 'yahoo',
        as_of: '2025-03-08T06:00:01.000Z',
      },
    ],
    // A symbol that has prices and no profile is missing as well.
    missing: ['NOPE', 'PRICED'],
  });
});

it('takes 1 to 100 symbols, of who is logged in', async () => {
  const many = Array.from({ length: 100 }, (_, i) => `S${i}`);
  expect((await read(many.join(','))).missing).toEqual(many);
  for (const query of ['', '?symbols=', '?symbols=,,', `?symbols=${many.join(',')},ONE-MORE`, `?symbols=${'S'.repeat(101)}`])
    expectError(await user.get(`/data/company-profiles${query}`), 422, 'ERR_REQ_001');
  expectError(await api.nobody.get('/data/company-profiles?symbols=ACME'), 401, 'ERR_AUTH_001');
});
