// Records of one person in every table that belongs to somebody, as uploads, entries, trades and runs leave them.
import { randomUUID } from 'node:crypto';
import type { Db } from '@closebell/prisma/client';
import { submitJob } from '@closebell/prisma/jobs';

/** What the owner's requests name; every one is somebody's own. */
export type Ids = Readonly<{
  portfolio: string;
  secondPortfolio: string;
  position: string;
  privatePosition: string;
  run: string;
  failedRun: string;
  /** A report that is there to be fetched. */
  report: string;
  /** Of a bar that is held back. */
  quarantinedSymbol: string;
  import: string;
  inviteCode: string;
  equityChange: string;
  trade: string;
  tag: string;
  targetPrice: string;
}>;

/** What gives a person's data away wherever it turns up: a text for every name, symbol and note, and an amount for every figure. */
export type Marks = Readonly<{ text: string; amount: number }>;
const PLAIN: Marks = { text: 'plain', amount: 1_234.5 };

/** Before the equity changes and trades below, all of which are of days that can still be edited. */
const AS_OF = '2025-03-03';

type One = (statement: string, ...values: readonly unknown[]) => Promise<string>;

export async function makeRecords(db: Db, userId: string, marks: Marks = PLAIN): Promise<Ids> {
  const one: One = async (statement, ...values) =>
    (await db.pool.query<{ id: string }>(`${statement} RETURNING id`, [...values])).rows[0]!.id;
  const [portfolio, secondPortfolio] = [await addPortfolio(one, userId, marks), await addPortfolio(one, userId, marks)];
  const position = await addLot(one, portfolio, 'AAPL', 'PUBLIC');
  const privatePosition = await addLot(one, portfolio, `${marks.text}PE`, 'PRIVATE');
  await addLot(one, secondPortfolio, 'MSFT', 'PUBLIC');
  await addFigures(db, { portfolio, privatePosition, userId }, marks);
  return {
    portfolio,
    secondPortfolio,
    position,
    privatePosition,
    run: await addRun(db, portfolio, userId),
    failedRun: await addFailedRun(db, secondPortfolio, userId),
    report: await addReport(db, portfolio, userId, marks.text),
    quarantinedSymbol: await addQuarantined(db),
    import: await addImport(one, userId, marks),
    tag: await addTag(db, one, position, userId, marks.text),
    inviteCode: await one(`INSERT INTO invite_codes (code, cohort) VALUES ($1, $2)`, `${marks.text}-${randomUUID()}`, marks.text),
    ...(await addEntries(one, portfolio, marks)),
  };
}

/** What the owner enters into the ledger. */
async function addEntries(
  one: One,
  portfolio: string,
  { text, amount }: Marks,
): Promise<Pick<Ids, 'equityChange' | 'trade' | 'targetPrice'>> {
  return {
    equityChange: await one(
      `INSERT INTO equity_changes (portfolio_id, change_type, amount, change_date, notes) VALUES ($1, 'CONTRIBUTION', $2, '2025-03-11', $3)`,
      portfolio,
      amount,
      text,
    ),
    trade: await one(
      `INSERT INTO trades (portfolio_id, symbol, side, quantity, price, trade_date, total, price_source)
       VALUES ($1, 'AAPL', 'buy', 1, $2::numeric, '2025-03-12', $2::numeric, 'given')`,
      portfolio,
      amount,
    ),
    targetPrice: await one(
      `INSERT INTO target_prices (portfolio_id, symbol, target_price, notes) VALUES ($1, 'AAPL', $2, $3)`,
      portfolio,
      amount,
      text,
    ),
  };
}

type Marked = Readonly<{ portfolio: string; privatePosition: string; userId: string }>;

async function addFigures({ pool }: Db, { portfolio, privatePosition, userId }: Marked, { text, amount }: Marks): Promise<void> {
  await pool.query(
    `INSERT INTO portfolio_snapshots (portfolio_id, snapshot_date, is_complete, equity, cash, long_value, short_value, gross_value, net_value,
       options_value, private_value, position_count, long_count, short_count, option_count, daily_pnl, daily_return, cumulative_pnl, realised_pnl,
       capital_flow, coverage, valuation, input_hash)
     SELECT $1, date, true, $2, $2, 0, 0, 0, 0, 0, 0, 2, 2, 0, 0, $2, 0, $2, 0, 0, 1, 'full', '\\x00'
     FROM unnest('{2025-03-11,2025-03-12}'::date[]) AS given (date)`,
    [portfolio, amount],
  );
  await pool.query(`INSERT INTO intraday_values (portfolio_id, recorded_at, total_value) VALUES ($1, now(), $2)`, [
    portfolio,
    amount,
  ]);
  await pool.query(`INSERT INTO manual_marks (position_id, mark_date, price) VALUES ($1, '2025-03-10', $2)`, [
    privatePosition,
    amount,
  ]);
  await pool.query(`INSERT INTO watchlist (user_id, symbol) SELECT $1, unnest($2::text[])`, [
    userId,
    ['TSLA', text.toUpperCase()],
  ]);
}

const addLot = (one: One, portfolioId: string, symbol: string, investmentClass: string): Promise<string> =>
  one(
    `INSERT INTO positions (portfolio_id, symbol, investment_class, quantity, entry_price, entry_date) VALUES ($1, $2, $3, 10, 100, '2025-01-02')`,
    portfolioId,
    symbol,
    investmentClass,
  );

async function addTag(db: Db, one: One, position: string, userId: string, text: string): Promise<string> {
  const name = `${text} tag`;
  const tag = await one(
    `INSERT INTO tags (user_id, name, color, description) VALUES ($1, $2::citext, '#336699', $2::text)`,
    userId,
    name,
  );
  await db.pool.query(`INSERT INTO position_tags (tag_id, position_id) VALUES ($1, $2)`, [tag, position]);
  return tag;
}

const addPortfolio = (one: One, userId: string, { text, amount }: Marks): Promise<string> =>
  one(
    `INSERT INTO portfolios (user_id, name, account_name, account_type, description, equity_balance, equity_as_of, opened_on)
     VALUES ($1, $2::text, $3, 'taxable', $2::text, $4, $5, '2025-01-02')`,
    userId,
    `${text} portfolio`,
    `${text} ${randomUUID()}`,
    amount + 100_000,
    AS_OF,
  );

async function addRun(db: Db, portfolioId: string, userId: string): Promise<string> {
  const payload = { portfolioId, sessionDate: '2025-03-12' };
  return (await submitJob(db.pool, 'calculate-portfolio', payload, { trigger: 'user', requestedBy: userId })).jobId;
}

async function addFailedRun(db: Db, portfolioId: string, userId: string): Promise<string> {
  const id = await addRun(db, portfolioId, userId);
  await endJob(db, id, 'failed', { code: 'ERR_JOB_001', message: 'lost', fingerprint: 'lost' });
  return id;
}

async function addReport(db: Db, portfolioId: string, userId: string, text: string): Promise<string> {
  const payload = { portfolioId, generation: 0, asOfDate: null, format: 'html' } as const;
  const { jobId } = await submitJob(db.pool, 'build-report', payload, { trigger: 'user', requestedBy: userId });
  await db.pool.query(
    `INSERT INTO export_files (job_id, file_name, content_type, file) VALUES ($1, $2, 'text/html; charset=utf-8', $3)`,
    [jobId, `${text}.html`, Buffer.from(`<p>${text}</p>`)],
  );
  await endJob(db, jobId, 'completed', null);
  return jobId;
}

async function addQuarantined(db: Db): Promise<string> {
  const symbol = `Q${randomUUID().slice(0, 8).toUpperCase()}`;
  await db.pool.query(
    `INSERT INTO quarantined_bars (symbol, session_date, provider, close, reason) VALUES ($1, '2025-03-12', 'yahoo', 100, 'a jump')`,
    [symbol],
  );
  return symbol;
}

async function addImport(one: One, userId: string, { text }: Marks): Promise<string> {
  const file = Buffer.from(`Symbol,Quantity,Entry Price Per Share,Entry Date\n${text},0,1,2024-01-02\n`);
  const error = { row: 2, symbol: text, code: 'ERR_POS_006', message: text, field: 'quantity', value: text };
  return one(
    `INSERT INTO imports (user_id, file_name, file, sha256, request, status, rows_total, rows_valid, error_code, error_text, errors, errors_total,
       finished_at) VALUES ($1, $2, $3, sha256($3), '{}', 'failed', 1, 0, 'ERR_PORT_008', $4, $5, 1, now())`,
    userId,
    `${text}.csv`,
    file,
    text,
    JSON.stringify([error]),
  );
}

/** As a worker that has claimed the job would leave it. */
async function endJob(db: Db, jobId: string, status: string, error: unknown): Promise<void> {
  await db.pool.query(
    `UPDATE jobs SET status = $2, result = '{}', error = $3, started_at = now(), finished_at = now(), open_children = 0 WHERE id = $1`,
    [jobId, status, error === null ? null : JSON.stringify(error)],
  );
}
