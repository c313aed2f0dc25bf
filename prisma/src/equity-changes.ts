// Contributions and withdrawals as entered. Windows of editing go by the database's clock. Every write is under the ledger's lock.
import { parseScaled } from '@closebell/shared/calc/exact-value';
import type { EquityChangeType } from '@closebell/shared/contracts/equity-changes';
import type { LedgerFlow } from '@closebell/shared/ledger/ledger';
import type { EquityKnown } from '@closebell/shared/ledger/least-equity';
import type { Queryable } from './client.js';
import { FLOW_COLUMNS, SIGNED_AMOUNT } from './ledger-columns.js';
import type { LockedLedger } from './ledger-changes.js';

export type EquityChangeRow = Readonly<{
  id: string;
  portfolio_id: string;
  change_type: EquityChangeType;
  /** Decimal text. */
  amount: string;
  change_date: string;
  notes: string | null;
  created_at: Date;
  /** Since it was entered. */
  age_seconds: number;
}>;

export type EquityChangeTerms = Readonly<{
  changeType: EquityChangeType;
  /** Decimal text, above zero. */
  amount: string;
  changeDate: string;
  notes: string | null;
}>;

const COLUMNS = `id, portfolio_id, change_type, amount, change_date, notes, created_at,
  extract(epoch FROM clock_timestamp() - created_at)::float8 AS age_seconds`;

export async function insertEquityChange(
  client: Queryable,
  portfolioId: string,
  { changeType, amount, changeDate, notes }: EquityChangeTerms,
): Promise<EquityChangeRow> {
  const { rows } = await client.query<EquityChangeRow>(
    `INSERT INTO equity_changes (portfolio_id, change_type, amount, change_date, notes, created_at)
     VALUES ($1, $2, $3, $4, $5, clock_timestamp()) RETURNING ${COLUMNS}`,
    [portfolioId, changeType, amount, changeDate, notes],
  );
  return rows[0]!;
}

/** Null when the portfolio has none of this id, or it was deleted. */
export async function findEquityChange(
  client: Queryable,
  portfolioId: string,
  changeId: string,
): Promise<EquityChangeRow | null> {
  const { rows } = await client.query<EquityChangeRow>(
    `SELECT ${COLUMNS} FROM equity_changes WHERE id = $2 AND portfolio_id = $1 AND deleted_at IS NULL`,
    [portfolioId, changeId],
  );
  return rows[0] ?? null;
}

export async function updateEquityChange(
  client: Queryable,
  changeId: string,
  { changeType, amount, changeDate, notes }: EquityChangeTerms,
): Promise<EquityChangeRow> {
  const { rows } = await client.query<EquityChangeRow>(
    `UPDATE equity_changes SET change_type = $2, amount = $3, change_date = $4, notes = $5 WHERE id = $1 RETURNING ${COLUMNS}`,
    [changeId, changeType, amount, changeDate, notes],
  );
  return rows[0]!;
}

export async function deleteEquityChange(client: Queryable, changeId: string): Promise<void> {
  await client.query(`UPDATE equity_changes SET deleted_at = clock_timestamp() WHERE id = $1`, [changeId]);
}

export type EquityChangeFilter = Readonly<{
  changeType?: EquityChangeType | undefined;
  from?: string | undefined;
  to?: string | undefined;
  /** The id of the last one of the page before. */
  before?: string | undefined;
  limit: number;
}>;

/** The latest date first. */
export async function listEquityChanges(
  client: Queryable,
  portfolioId: string,
  { changeType, from, to, before, limit }: EquityChangeFilter,
): Promise<readonly EquityChangeRow[]> {
  const { rows } = await client.query<EquityChangeRow>(
    `SELECT ${COLUMNS} FROM equity_changes
     WHERE portfolio_id = $1 AND deleted_at IS NULL AND ($2::text IS NULL OR change_type = $2)
       AND ($3::date IS NULL OR change_date >= $3) AND ($4::date IS NULL OR change_date <= $4)
       AND ($5::uuid IS NULL OR (change_date, created_at, id) < (
         SELECT change_date, created_at, id FROM equity_changes WHERE id = $5 AND portfolio_id = $1))
     ORDER BY change_date DESC, created_at DESC, id DESC LIMIT $6`,
    [portfolioId, changeType ?? null, from ?? null, to ?? null, before ?? null, limit],
  );
  return rows;
}

/** Sums are made in numeric: exact to the last digit. */
export type EquityChangeTotals = Readonly<{
  total_contributions: number;
  total_withdrawals: number;
  net_change: number;
  contributions_count: number;
  withdrawals_count: number;
}>;

export async function sumEquityChanges(client: Queryable, portfolioId: string): Promise<EquityChangeTotals> {
  const { rows } = await client.query<EquityChangeTotals>(
    `SELECT coalesce(sum(amount) FILTER (WHERE change_type = 'CONTRIBUTION'), 0)::float8 AS total_contributions,
       coalesce(sum(amount) FILTER (WHERE change_type = 'WITHDRAWAL'), 0)::float8 AS total_withdrawals,
       coalesce(sum(${SIGNED_AMOUNT}), 0)::float8 AS net_change,
       count(*) FILTER (WHERE change_type = 'CONTRIBUTION') AS contributions_count,
       count(*) FILTER (WHERE change_type = 'WITHDRAWAL') AS withdrawals_count
     FROM equity_changes WHERE portfolio_id = $1 AND deleted_at IS NULL`,
    [portfolioId],
  );
  return rows[0]!;
}

/** What is known of the portfolio's equity: the sessions whose figures hold, and all flows. */
export async function loadEquityKnown(
  client: Queryable,
  portfolioId: string,
  { equityAsOf, equityBalance }: LockedLedger,
): Promise<EquityKnown> {
  const snapshots = await client.query<{ date: string; equity: string }>(
    `SELECT snapshot_date AS date, equity FROM portfolio_snapshots s JOIN portfolios p ON p.id = s.portfolio_id
     WHERE s.portfolio_id = $1 AND is_complete AND snapshot_date >= equity_as_of AND (dirty_from IS NULL OR snapshot_date < dirty_from)
     ORDER BY snapshot_date`,
    [portfolioId],
  );
  const flows = await client.query<LedgerFlow>(
    `SELECT ${FLOW_COLUMNS} FROM equity_changes WHERE portfolio_id = $1 AND deleted_at IS NULL`,
    [portfolioId],
  );
  return {
    snapshots: snapshots.rows.map(({ date, equity }) => ({ date, equityE4: Number(parseScaled(equity, 4)) })),
    anchor: { date: equityAsOf, equityE4: Number(parseScaled(equityBalance, 4)) },
    flows: flows.rows,
  };
}
