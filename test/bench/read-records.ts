// Whose reads are measured: portfolios of 30 and of 278 positions with all that belongs to them.
import { makeRecords, type Ids } from '../security/records.js';
import type { Installation } from './installation.js';

const POSITIONS = 30;
const POSITIONS_LARGE = 278;
const WATCHED = 100;

export type ReadRecords = Readonly<{ ids: Ids; largePortfolio: string }>;

/** Not calculated yet: the next batch does it. */
export async function addReadRecords({ db, worker }: Installation, userId: string): Promise<ReadRecords> {
  // The records include jobs that have ended: none is to be taken before they are whole.
  worker.child.kill('SIGSTOP');
  const ids = await makeRecords(db, userId).finally(() => worker.child.kill('SIGCONT'));
  const { rows } = await db.pool.query<{ id: string }>(
    `INSERT INTO portfolios (user_id, name, account_name, account_type, equity_balance, equity_as_of, opened_on)
     SELECT user_id, 'Large', 'large', 'taxable', 5000000, equity_as_of, opened_on FROM portfolios WHERE id = $1 RETURNING id`,
    [ids.portfolio],
  );
  const largePortfolio = rows[0]!.id;
  await addLots(db.pool, ids.portfolio, POSITIONS - 2);
  await addLots(db.pool, ids.secondPortfolio, POSITIONS - 1);
  await addLots(db.pool, largePortfolio, POSITIONS_LARGE);
  await db.pool.query(
    `INSERT INTO position_tags (tag_id, position_id) SELECT $1, id FROM positions WHERE portfolio_id = $2 AND quantity > 120`,
    [ids.tag, largePortfolio],
  );
  await db.pool.query(
    `INSERT INTO target_prices (portfolio_id, symbol, target_price, downside_price, target_date, notes)
     SELECT portfolio_id, symbol, 120, 80, '2026-06-30', 'as the analysts see it' FROM positions WHERE portfolio_id = ANY($1::uuid[])
     ON CONFLICT DO NOTHING`,
    [[ids.portfolio, largePortfolio]],
  );
  await db.pool.query(
    `INSERT INTO watchlist (user_id, symbol) SELECT $1, 'SYM' || n FROM generate_series(1, $2::int) AS n ON CONFLICT DO NOTHING`,
    [userId, WATCHED],
  );
  return { ids, largePortfolio };
}

/** Of as many symbols, every tenth a short. */
async function addLots(pool: Installation['db']['pool'], portfolioId: string, count: number): Promise<void> {
  await pool.query(
    `INSERT INTO positions (portfolio_id, symbol, investment_class, quantity, entry_price, entry_date)
     SELECT $1, 'SYM' || place, 'PUBLIC', CASE WHEN place % 10 = 9 THEN -50 ELSE 100 + place % 50 END, 100, '2025-01-02'
     FROM generate_series(0, $2::int - 1) AS place`,
    [portfolioId, count],
  );
}

/** As a correction of the session's prices would leave the portfolios of everybody else. */
export async function markOthersDirty({ pool }: Installation['db'], userId: string, session: string): Promise<void> {
  await pool.query(`UPDATE portfolios SET dirty_from = $2, generation = generation + 1 WHERE user_id <> $1`, [userId, session]);
}
