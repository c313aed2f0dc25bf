// What portfolios are worth between two closes: read from their newest snapshots on, and the values that were recorded. Kept 30 days.
import { formatScaled, parseScaled } from '@closebell/shared/calc/exact-value';
import { groupBy } from '@closebell/shared/grouping';
import type { LedgerFlow, LedgerLot } from '@closebell/shared/ledger/ledger';
import type { LotSince, PortfolioSince } from '@closebell/shared/ledger/value-now';
import { asOfOneInstant, type Db, type Queryable } from './client.js';
import { loadMarks } from './figures.js';
import { inHeldTransaction, type JobHold } from './job-runs.js';
import { FLOW_COLUMNS, LOT_COLUMNS } from './ledger-columns.js';

export type StandingPortfolio = PortfolioSince & Readonly<{ portfolioId: string }>;

/**
 * The portfolios as their newest snapshots left them, with what was entered since. Left out are those without a snapshot, and those whose
 * snapshot no longer follows from what the user entered: they wait for a calculation.
 */
export async function loadStandingPortfolios(db: Db, portfolioIds: readonly string[]): Promise<readonly StandingPortfolio[]> {
  const { portfolios, lots, flows, marks } = await readAtOnce(db, portfolioIds);
  const markOf = new Map(marks.map((mark) => [`${mark.positionId} ${mark.sessionDate}`, mark]));
  const lotsOf = groupBy(lots, ({ portfolioId }) => portfolioId);
  const flowsOf = groupBy(flows, ({ portfolioId }) => portfolioId);
  const standing = portfolios.map(({ portfolioId, currency, snapshotDate, equity }) => ({
    portfolioId,
    currency,
    snapshotDate,
    equityE4: moneyE4(equity),
    lots: (lotsOf.get(portfolioId) ?? []).map(({ closeValue, ...entry }): LotSince => ({
      entry,
      closeValueE4: closeValue === null ? null : moneyE4(closeValue),
      mark: markOf.get(`${entry.positionId} ${snapshotDate}`) ?? null,
    })),
    flows: flowsOf.get(portfolioId) ?? [],
  }));
  return standing.filter(({ lots: own, snapshotDate }) =>
    own.every(({ closeValueE4, entry }) => closeValueE4 !== null || entry.entryDate > snapshotDate),
  );
}

type PortfolioRow = Readonly<{ portfolioId: string; currency: string; snapshotDate: string; equity: string }>;
type LotRow = LedgerLot & Readonly<{ portfolioId: string; closeValue: string | null }>;

/** As of one instant: a calculation that ends between two statements must not lend its values to an older snapshot. */
function readAtOnce(db: Db, portfolioIds: readonly string[]) {
  return asOfOneInstant(db, async (client) => {
    const { rows: portfolios } = await client.query<PortfolioRow>(PORTFOLIOS, [portfolioIds]);
    const which = [portfolios.map(({ portfolioId }) => portfolioId), portfolios.map(({ snapshotDate }) => snapshotDate)];
    const { rows: lots } = await client.query<LotRow>(LOTS, which);
    const { rows: flows } = await client.query<LedgerFlow & { portfolioId: string }>(FLOWS, which);
    const dates = portfolios.map(({ snapshotDate }) => snapshotDate).sort((a, b) => (a < b ? -1 : 1));
    const options = lots.filter(({ optionType }) => optionType !== null).map(({ positionId }) => positionId);
    const marks = dates.length === 0 ? [] : await loadMarks(client, options, dates[0]!, dates.at(-1)!);
    return { portfolios, lots, flows, marks };
  });
}

const PORTFOLIOS = `
  SELECT p.id AS "portfolioId", currency, last.snapshot_date AS "snapshotDate", last.equity
  FROM portfolios p CROSS JOIN LATERAL (
    SELECT snapshot_date, equity FROM portfolio_snapshots s
    WHERE s.portfolio_id = p.id AND is_complete ORDER BY snapshot_date DESC LIMIT 1) AS last
  WHERE p.id = ANY($1::uuid[]) AND deleted_at IS NULL AND (dirty_from IS NULL OR dirty_from > last.snapshot_date)
  ORDER BY p.id`;

// An option that has expired by the snapshot was settled in it.
const LOTS = `
  SELECT lot.portfolio_id AS "portfolioId", ${LOT_COLUMNS}, market_value AS "closeValue"
  FROM unnest($1::uuid[], $2::date[]) AS wanted (id, snapshot_date)
  JOIN positions lot ON lot.portfolio_id = wanted.id AND lot.deleted_at IS NULL
    AND (exit_date IS NULL OR exit_date > wanted.snapshot_date)
    AND (expiration_date IS NULL OR expiration_date > wanted.snapshot_date OR exit_date IS NOT NULL)
  LEFT JOIN position_values v ON v.portfolio_id = wanted.id AND v.session_date = wanted.snapshot_date AND v.position_id = lot.id`;

const FLOWS = `
  SELECT portfolio_id AS "portfolioId", ${FLOW_COLUMNS}
  FROM unnest($1::uuid[], $2::date[]) AS wanted (id, snapshot_date)
  JOIN equity_changes ON portfolio_id = wanted.id AND change_date > wanted.snapshot_date AND deleted_at IS NULL`;

function moneyE4(text: string): number {
  return Number(parseScaled(text, 4));
}

export type IntradayValue = Readonly<{
  portfolioId: string;
  recordedAt: Date;
  /** In units of 1e-4. */
  valueE4: number;
  coverage: number;
  oldestQuoteAt: Date | null;
}>;

/** A value that is there already stays, so that a slot is written once. Returns how many went in. */
export async function insertIntradayValues(db: Db, hold: JobHold, values: readonly IntradayValue[]): Promise<number> {
  return inHeldTransaction(db, hold, async (client) => {
    // A portfolio deleted for good since it was read has no values any more.
    const { rowCount } = await client.query(
      `INSERT INTO intraday_values (portfolio_id, recorded_at, total_value, coverage, oldest_quote_at)
       SELECT given.* FROM unnest($1::uuid[], $2::timestamptz[], $3::numeric[], $4::float8[], $5::timestamptz[])
         AS given (portfolio_id, recorded_at, total_value, coverage, oldest_quote_at)
       JOIN portfolios ON portfolios.id = given.portfolio_id ORDER BY portfolios.id
       ON CONFLICT DO NOTHING`,
      [
        values.map(({ portfolioId }) => portfolioId),
        values.map(({ recordedAt }) => recordedAt),
        values.map(({ valueE4 }) => formatScaled(valueE4, 4)),
        values.map(({ coverage }) => coverage),
        values.map(({ oldestQuoteAt }) => oldestQuoteAt),
      ],
    );
    return rowCount ?? 0;
  });
}

/** Money in the portfolio's currency; coverage a fraction. */
export type IntradayValueRow = Readonly<{
  recorded_at: Date;
  total_value: number;
  coverage: number | null;
  oldest_quote_at: Date | null;
}>;

/** `from` and `to`: days in New York, both included. */
export type IntradayRange = Readonly<{
  from?: string | undefined;
  to?: string | undefined;
  /** Only values after this instant: the last of the page before. */
  after?: string | undefined;
  limit: number;
}>;

/** Oldest first. A day begins at 08:00 UTC here: in New York that is in the small hours, when nothing is recorded. */
export async function listIntradayValues(
  client: Queryable,
  portfolioId: string,
  { from, to, after, limit }: IntradayRange,
): Promise<readonly IntradayValueRow[]> {
  const { rows } = await client.query<Omit<IntradayValueRow, 'total_value'> & { total_value: string }>(
    `SELECT recorded_at, total_value, coverage, oldest_quote_at FROM intraday_values
     WHERE portfolio_id = $1 AND ($2::date IS NULL OR recorded_at >= ($2 + time '08:00') AT TIME ZONE 'UTC')
       AND ($3::date IS NULL OR recorded_at < ($3 + 1 + time '08:00') AT TIME ZONE 'UTC')
       AND ($4::timestamptz IS NULL OR recorded_at > $4)
     ORDER BY recorded_at LIMIT $5`,
    [portfolioId, from ?? null, to ?? null, after ?? null, limit],
  );
  return rows.map((row) => ({ ...row, total_value: Number(row.total_value) }));
}

/** Deletes what was recorded over so many days before `now`, which is of the market clock, as the values are. Returns how many went. */
export async function pruneIntradayValues(client: Queryable, now: Date, keptDays: number): Promise<number> {
  const { rowCount } = await client.query(
    `DELETE FROM intraday_values WHERE recorded_at < $1::timestamptz - make_interval(days => $2)`,
    [now, keptDays],
  );
  return rowCount ?? 0;
}
