// The positions of a portfolio as they are listed: valued at the newest price there is, filtered, added up, page by page.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectError, fieldsOf, type Caller } from './caller.js';
import { startDomainApi, type DomainApi } from './domain-api.js';
import { insertClose } from './records.js';

/** In the session of a Friday; the last complete one is Wednesday's, Thursday was a holiday. */
const NOW = '2025-06-20T15:00:00Z';
const LAST = '2025-06-18';

type Shown = Readonly<{ id: string; symbol: string; market_value: number; weight: number }>;
type Group = Readonly<{ key: string | null; positions: number; market_value: number }>;
type List = Readonly<{
  positions: readonly Shown[];
  groups: readonly Group[];
  totals: Group;
  total_count: number;
  next_cursor: string | null;
}>;

let api: DomainApi;
let owner: Caller;
let portfolioId: string;

beforeAll(async () => {
  api = await startDomainApi(NOW);
  owner = await api.user();
  portfolioId = await open();
  await storeClose('ACME', LAST, 150);
  await storeClose('OLDIE', '2025-06-12', 40);
  await storeClose('FAST', LAST, 200);
  await storeClose('SPLIT', LAST, 50);
  await api.db.pool.query(
    `INSERT INTO quotes (symbol, price, previous_close, currency, quoted_at, provider) VALUES ('FAST', 210, 200, 'USD', '2025-06-20T14:59:00Z', 'files')`,
  );
  await api.db.pool.query(
    `INSERT INTO corporate_actions (symbol, ex_date, action_type, numerator, denominator, provider) VALUES ('SPLIT', '2025-06-17', 'split', 2, 1, 'files')`,
  );
  await api.db.pool.query(
    `INSERT INTO securities (symbol, sector) VALUES ('ACME', 'Technology'), ('FAST', 'Technology'), ('OLDIE', 'Energy')`,
  );
  const lot = { entry_date: '2025-06-09', entry_price: 100 };
  const positions = [
    { ...lot, symbol: 'ACME', quantity: 10 },
    { ...lot, symbol: 'FAST', quantity: -5 },
    { ...lot, symbol: 'OLDIE', quantity: 100, entry_price: 30 },
    { ...lot, symbol: 'NEWCO', quantity: 7 },
    { ...lot, symbol: 'SPLIT', quantity: 4, entry_price: 90 },
    { ...lot, symbol: 'SPAXX', quantity: 2_000, entry_price: 1 },
    { ...lot, symbol: 'HOUSE', quantity: 1, entry_price: 25_000, investment_class: 'PRIVATE', investment_subtype: 'REAL_ESTATE' },
    { ...lot, symbol: 'ACME', quantity: 3, entry_date: '2025-06-02', exit_date: '2025-06-10', exit_price: 130 },
    {
      ...lot,
      quantity: 2,
      entry_price: 4,
      underlying_symbol: 'ACME',
      strike_price: 140,
      expiration_date: '2025-06-13',
      option_type: 'CALL',
    },
  ];
  fieldsOf(await owner.post(`/portfolios/${portfolioId}/positions`, { positions }), 201);
});
afterAll(() => api.close());

async function open(): Promise<string> {
  const terms = { portfolio_name: 'Growth', account_name: randomUUID(), account_type: 'ira', equity_balance: '100000' };
  return fieldsOf<{ id: string }>(await owner.post('/portfolios', terms), 201).id;
}
const storeClose = (symbol: string, date: string, close: number) => insertClose(api.db, { symbol, date, close });
const list = async (query = ''): Promise<List> =>
  fieldsOf<List>(await owner.get(`/portfolios/${portfolioId}/positions${query}`), 200);
const symbolsOf = ({ positions }: List) => positions.map(({ symbol }) => symbol);

describe('a position is valued', () => {
  it.each([
    [
      'at a fresh quote',
      'FAST',
      {
        price: 210,
        price_source: 'quote',
        quoted_at: '2025-06-20T14:59:00.000Z',
        market_value: -1_050,
        unrealized_pnl: -550,
        is_stale: false,
      },
    ],
    [
      'at the close of the last session',
      'ACME',
      { price: 150, price_source: 'close', price_date: LAST, market_value: 1_500, unrealized_pnl_percent: 50 },
    ],
    [
      'at an older close, which is said',
      'OLDIE',
      { price: 40, price_source: 'stale', price_date: '2025-06-12', market_value: 4_000, is_stale: true },
    ],
    ['at its entry price for want of any', 'NEWCO', { price: 100, price_source: 'no_price', market_value: 700, is_stale: true }],
    [
      'in the shares that splits have made of it',
      'SPLIT',
      { quantity: 4, current_quantity: 8, price: 50, market_value: 400, cost_basis: 360 },
    ],
    ['at par when it is cash', 'SPAXX', { price_source: 'par', market_value: 2_000, unrealized_pnl: 0 }],
    ["at its owner's word when it is private", 'HOUSE', { price_source: 'manual', market_value: 25_000 }],
  ])('%s', async (_how, symbol, expected) => {
    const { positions } = await list(`?symbol=${symbol}&type=${symbol === 'FAST' ? 'SHORT' : 'LONG'}`);
    expect(positions).toMatchObject([expected]);
    expect((await owner.get(`/positions/${positions[0]!.id}`)).json).toEqual(positions[0]);
  });

  it('and what is closed or expired is not valued, and shown only when asked for', async () => {
    expect((await list()).total_count).toBe(7);
    const { positions, total_count: count } = await list('?include_closed=true&symbol=acme');
    expect(count).toBe(3);
    expect(positions).toMatchObject([
      { state: 'closed', realized_pnl: 90, market_value: null, weight: null },
      { state: 'open', realized_pnl: null },
      { state: 'expired', position_type: 'LC', market_value: null },
    ]);
  });
});

it('weights are shares of the gross value of all open lots, whatever is listed', async () => {
  const { positions } = await list();
  expect(positions.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
  const [fast] = (await list('?symbol=FAST')).positions;
  expect(fast!.weight).toBeCloseTo(1_050 / (1_500 + 1_050 + 4_000 + 700 + 400 + 2_000 + 25_000), 12);
});

it('the portfolio is worth its cash and these positions', async () => {
  const { totals } = await list();
  type Now = Readonly<{ cash_balance: number; total_value: number; positions_value: number }>;
  const now = fieldsOf<Now>(await owner.get(`/portfolios/${portfolioId}`), 200);
  expect(now.positions_value).toBe(totals.market_value);
  expect(now.total_value).toBeCloseTo(now.cash_balance + now.positions_value, 8);
  // The stated balance, and since then the short's move from its close of 200 to the quote of 210.
  expect(now.total_value).toBe(99_950);
});

it('reads page by page, each lot once, in one order', async () => {
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const page: List = await list(`?limit=2${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`);
    seen.push(...symbolsOf(page));
    cursor = page.next_cursor;
  } while (cursor !== null);
  expect(seen).toEqual(['ACME', 'FAST', 'HOUSE', 'NEWCO', 'OLDIE', 'SPAXX', 'SPLIT']);
});

it('can be narrowed down to a class, a type or a tag', async () => {
  expect(symbolsOf(await list('?class=PRIVATE'))).toEqual(['HOUSE']);
  expect(symbolsOf(await list('?type=SHORT'))).toEqual(['FAST']);
  const { positions } = await list('?symbol=OLDIE');
  await api.db.pool.query(
    `WITH tag AS (INSERT INTO tags (user_id, name, color) VALUES ($1, 'Income', '#00aa00') RETURNING id)
     INSERT INTO position_tags (tag_id, position_id) SELECT id, $2 FROM tag`,
    [owner.userId, positions[0]!.id],
  );
  const tagged = await list('?tag=income');
  expect(tagged.positions).toMatchObject([{ symbol: 'OLDIE', tags: [{ name: 'Income', color: '#00aa00' }] }]);
  expect((await list('?group_by=tag')).groups.map(({ key, positions: count }) => [key, count])).toEqual([
    [null, 6],
    ['Income', 1],
  ]);
});

it.each([
  [
    'class',
    [
      ['PRIVATE', 1, 25_000],
      ['PUBLIC', 6, 7_550],
    ],
  ],
  [
    'type',
    [
      ['LONG', 6, 33_600],
      ['SHORT', 1, -1_050],
    ],
  ],
  [
    'sector',
    [
      [null, 4, 28_100],
      ['Energy', 1, 4_000],
      ['Technology', 2, 450],
    ],
  ],
] as const)('adds them up by %s', async (grouping, expected) => {
  const { groups, totals } = await list(`?group_by=${grouping}`);
  expect(groups.map(({ key, positions, market_value: value }) => [key, positions, value])).toEqual(expected);
  expect(totals).toMatchObject({
    positions: 7,
    market_value: 32_550,
    long_value: 33_600,
    short_value: -1_050,
    gross_value: 34_650,
  });
});

it.each([
  'limit=0',
  'limit=1001',
  'class=BONDS',
  'type=long',
  'group_by=mood',
  'cursor=x',
  'include_closed=yes',
  `symbol=${'X'.repeat(101)}`,
])('refuses %s', async (query) => {
  expectError(await owner.get(`/portfolios/${portfolioId}/positions?${query}`), 422, 'ERR_REQ_001');
});
