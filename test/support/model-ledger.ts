// The ledgers of the model test: what a portfolio may hold, and how the same ledger is put into a database, changed there, or uploaded.
import { inTransaction, type Db } from '@closebell/prisma/client';
import { submitJob } from '@closebell/prisma/jobs';
import { addLot, makePortfolio, type LotRecord } from './ledger.js';

/** A Saturday: no close comes while a seed runs. */
export const MODEL_NOW = '2025-06-21T15:00:00Z';
/** The sessions that figures are asked for. Thursday the 19th was a holiday. */
export const MODEL_SESSIONS = ['2025-06-17', '2025-06-18', '2025-06-20'] as const;
export const LAST_SESSION = MODEL_SESSIONS[2];
export const ANCHORS = ['2025-06-11', '2025-06-18', LAST_SESSION] as const;

export type FlowRecord = Readonly<{ type: 'CONTRIBUTION' | 'WITHDRAWAL'; amount: string; date: string }>;

export type ModelLedger = Readonly<{ asOf: string; equity: string; lots: readonly LotRecord[]; flows: readonly FlowRecord[] }>;

const AAPL: LotRecord = { symbol: 'AAPL', quantity: '100', entryPrice: '180.5', entryDate: '2025-05-14' };
const MSFT: LotRecord = { symbol: 'MSFT', quantity: '-40.5', entryPrice: '410.25', entryDate: '2025-05-27' };
const CLOSED: LotRecord = { ...MSFT, quantity: '7', entryDate: '2025-05-08', exitPrice: '405', exitDate: '2025-06-07' };

/** What a portfolio may begin with: every way a lot is priced. */
export const FIRST_LOTS: readonly (readonly LotRecord[])[] = [
  [AAPL, MSFT, CLOSED],
  [
    { symbol: 'SPAXX', quantity: '5000', entryPrice: '1', entryDate: '2025-05-01', investmentSubtype: 'MUTUAL_FUND' },
    { symbol: 'HOUSE', quantity: '1', entryPrice: '250000', entryDate: '2023-01-02', investmentClass: 'PRIVATE' },
    { symbol: 'NODATA1', quantity: '10', entryPrice: '12.34', entryDate: '2025-05-02' },
    AAPL,
  ],
  [
    {
      symbol: 'MSFT260116P00400000',
      quantity: '5',
      entryPrice: '25.1',
      entryDate: '2025-05-19',
      investmentClass: 'OPTIONS',
      underlyingSymbol: 'MSFT',
      strikePrice: '400',
      expirationDate: '2026-01-16',
      optionType: 'PUT',
    },
    MSFT,
  ],
];

/** What may be added later: symbols that are there or new, entered before the history there is, within it, and on its last days. */
export const LATER_LOTS: readonly LotRecord[] = [
  { symbol: 'AAPL', quantity: '11', entryPrice: '190.5', entryDate: '2025-06-03' },
  { symbol: 'KO', quantity: '333.333333', entryPrice: '60.01', entryDate: '2025-03-10' },
  { symbol: 'MSFT', quantity: '3', entryPrice: '470', entryDate: '2025-06-17' },
  { symbol: 'JPM', quantity: '-8', entryPrice: '265.5', entryDate: '2025-06-13' },
  { symbol: 'NVDA', quantity: '20', entryPrice: '143.2', entryDate: '2025-06-20' },
];

/** The first is of a Saturday. */
export const LATER_FLOWS: readonly FlowRecord[] = [
  { type: 'CONTRIBUTION', amount: '5000', date: '2025-06-14' },
  { type: 'WITHDRAWAL', amount: '250.5', date: '2025-06-17' },
  { type: 'CONTRIBUTION', amount: '1000', date: '2025-05-15' },
  { type: 'WITHDRAWAL', amount: '99.99', date: '2025-06-20' },
];

/** Rows of a file that becomes a portfolio of `UPLOADED_EQUITY`, stated for the last session. */
export const UPLOADED_LOTS: readonly LotRecord[] = [AAPL, MSFT, CLOSED];
export const UPLOADED_EQUITY = '400000';
export const UPLOADED_FILE = [
  'Symbol,Quantity,Entry Price Per Share,Entry Date,Exit Date,Exit Price Per Share',
  ...UPLOADED_LOTS.map((lot) =>
    [lot.symbol, lot.quantity, lot.entryPrice, lot.entryDate, lot.exitDate ?? '', lot.exitPrice ?? ''].join(','),
  ),
].join('\n');

/** At once, as an import does it: no worker sees a part of it. */
export async function insertLedger(db: Db, userId: string, { asOf, equity, lots, flows }: ModelLedger): Promise<string> {
  return atOnce(db, async (inside) => {
    const portfolioId = await makePortfolio(inside, { userId, asOf, openedOn: LAST_SESSION, equity, lots });
    for (const flow of flows) await insertFlow(inside, portfolioId, flow);
    return portfolioId;
  });
}

export type LedgerChange = Readonly<{ lot: LotRecord } | { flow: FlowRecord }>;

/** As a user's edit comes in: the change, what it makes void and the wish for new figures in one transaction; the run that was asked for. */
export async function changeLedger(db: Db, portfolioId: string, change: LedgerChange): Promise<string> {
  return atOnce(db, async (inside) => {
    if ('lot' in change) await addLot(inside, portfolioId, change.lot);
    else await insertFlow(inside, portfolioId, change.flow);
    const from = 'lot' in change ? change.lot.entryDate : change.flow.date;
    await inside.pool.query(
      `UPDATE portfolios SET dirty_from = least(dirty_from, $2::date), generation = generation + 1 WHERE id = $1`,
      [portfolioId, from],
    );
    const payload = { portfolioId, sessionDate: LAST_SESSION };
    return (await submitJob(inside.pool, 'calculate-portfolio', payload, { trigger: 'user' })).jobId;
  });
}

/** The factories only ask the pool, which within the transaction is its one connection. */
function atOnce<T>(db: Db, work: (inside: Db) => Promise<T>): Promise<T> {
  return inTransaction(db, (client) => work({ ...db, pool: client as unknown as Db['pool'] }));
}

async function insertFlow(db: Db, portfolioId: string, { type, amount, date }: FlowRecord): Promise<void> {
  await db.pool.query(`INSERT INTO equity_changes (portfolio_id, change_type, amount, change_date) VALUES ($1, $2, $3, $4)`, [
    portfolioId,
    type,
    amount,
    date,
  ]);
}
