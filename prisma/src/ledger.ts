// What a calculation reads of portfolios: what the user stated, lots and flows. Money and prices as scaled integers.
import { groupBy } from '@closebell/shared/grouping';
import type { LedgerEntries, LedgerFlow, LedgerLot } from '@closebell/shared/ledger/ledger';
import type { Queryable } from './client.js';
import { FLOW_COLUMNS, LOT_COLUMNS } from './ledger-columns.js';

export type Ledger = LedgerEntries &
  Readonly<{
    portfolioId: string;
    openedOn: string;
    dirtyFrom: string | null;
    generation: number;
    /** The newest complete snapshot, null before the first calculation. */
    last: SnapshotLink | null;
  }>;

/** What the next session's figures are chained to. */
export type SnapshotLink = Readonly<{ date: string; equity: string; cumulativePnl: string; inputHash: Buffer }>;

/** The ledgers of the portfolios that exist and are not deleted, in three statements whatever their number. */
export async function loadLedgers(client: Queryable, portfolioIds: readonly string[]): Promise<readonly Ledger[]> {
  const [portfolios, lots, flows] = await Promise.all([
    client.query<PortfolioRow>(PORTFOLIOS, [portfolioIds]),
    client.query<LedgerLot & { portfolioId: string }>(LOTS, [portfolioIds]),
    client.query<LedgerFlow & { portfolioId: string }>(FLOWS, [portfolioIds]),
  ]);
  const lotsOf = groupBy(lots.rows, ({ portfolioId }) => portfolioId);
  const flowsOf = groupBy(flows.rows, ({ portfolioId }) => portfolioId);
  return portfolios.rows.map(({ lastDate, lastEquity, lastCumulativePnl, lastHash, ...portfolio }) => ({
    ...portfolio,
    lots: lotsOf.get(portfolio.portfolioId) ?? [],
    flows: flowsOf.get(portfolio.portfolioId) ?? [],
    last:
      lastDate === null ? null : { date: lastDate, equity: lastEquity!, cumulativePnl: lastCumulativePnl!, inputHash: lastHash! },
  }));
}

/** The complete snapshot of one session, to chain the following ones to. */
export async function loadSnapshotLinks(
  client: Queryable,
  wanted: readonly Readonly<{ portfolioId: string; date: string }>[],
): Promise<ReadonlyMap<string, SnapshotLink>> {
  const { rows } = await client.query<SnapshotLink & { portfolioId: string }>(
    `SELECT portfolio_id AS "portfolioId", snapshot_date AS date, equity, cumulative_pnl AS "cumulativePnl", input_hash AS "inputHash"
     FROM unnest($1::uuid[], $2::date[]) AS wanted (id, date)
     JOIN portfolio_snapshots ON portfolio_id = wanted.id AND snapshot_date = wanted.date AND is_complete`,
    [wanted.map(({ portfolioId }) => portfolioId), wanted.map(({ date }) => date)],
  );
  return new Map(rows.map(({ portfolioId, ...link }) => [portfolioId, link]));
}

type PortfolioRow = Readonly<{
  portfolioId: string;
  equityBalance: string;
  equityAsOf: string;
  openedOn: string;
  dirtyFrom: string | null;
  generation: number;
  lastDate: string | null;
  lastEquity: string | null;
  lastCumulativePnl: string | null;
  lastHash: Buffer | null;
}>;

const PORTFOLIOS = `
  SELECT p.id AS "portfolioId", equity_balance AS "equityBalance", equity_as_of AS "equityAsOf", opened_on AS "openedOn",
    dirty_from AS "dirtyFrom", generation, last.snapshot_date AS "lastDate", last.equity AS "lastEquity",
    last.cumulative_pnl AS "lastCumulativePnl", last.input_hash AS "lastHash"
  FROM portfolios p LEFT JOIN LATERAL (
    SELECT snapshot_date, equity, cumulative_pnl, input_hash FROM portfolio_snapshots s
    WHERE s.portfolio_id = p.id AND is_complete ORDER BY snapshot_date DESC LIMIT 1) AS last ON true
  WHERE p.id = ANY($1::uuid[]) AND deleted_at IS NULL ORDER BY p.id`;

// In an order made of values, never of ids: the hash of the inputs, and so a replay, must not depend on how rows were numbered.
const LOTS = `
  SELECT portfolio_id AS "portfolioId", ${LOT_COLUMNS}
  FROM positions lot WHERE portfolio_id = ANY($1::uuid[]) AND deleted_at IS NULL
  ORDER BY portfolio_id, symbol, entry_date, quantity, entry_price, exit_date, exit_price, id`;

const FLOWS = `
  SELECT portfolio_id AS "portfolioId", ${FLOW_COLUMNS}
  FROM equity_changes WHERE portfolio_id = ANY($1::uuid[]) AND deleted_at IS NULL ORDER BY portfolio_id, change_date, amount`;
