// Risk figures of portfolios: one row per portfolio and session, written where the claims are proved, read by the API.
import { packStress, unpackStress } from '@closebell/shared/risk/packed-stress';
import type { PortfolioRisk } from '@closebell/shared/risk/risk-figures';
import type { Queryable } from './client.js';

export type PortfolioRiskRow = PortfolioRisk &
  Readonly<{
    portfolioId: string;
    sessionDate: string;
    /** Of the session's snapshot, in dollars. */
    equity: number;
  }>;

/** The row of the session, by default of the newest there is; null without one. */
export async function loadPortfolioRisk(
  client: Queryable,
  portfolioId: string,
  session?: string,
): Promise<PortfolioRiskRow | null> {
  const { rows } = await client.query<StoredRisk>(
    `SELECT ${COLUMNS} FROM portfolio_risk WHERE portfolio_id = $1 AND ($2::date IS NULL OR session_date = $2)
     ORDER BY session_date DESC LIMIT 1`,
    [portfolioId, session ?? null],
  );
  return rows[0] ? toRow(rows[0]) : null;
}

/** The rows of one session, by portfolio; those without one are absent. */
export async function loadPortfolioRisks(
  client: Queryable,
  portfolioIds: readonly string[],
  session: string,
): Promise<ReadonlyMap<string, PortfolioRiskRow>> {
  const { rows } = await client.query<StoredRisk>(
    `SELECT ${COLUMNS} FROM portfolio_risk WHERE portfolio_id = ANY($1::uuid[]) AND session_date = $2`,
    [portfolioIds, session],
  );
  return new Map(rows.map((row) => [row.portfolioId, toRow(row)]));
}

type StoredRisk = Omit<PortfolioRiskRow, 'exposures' | 'stress' | 'optionImpacts'> &
  Readonly<{
    exposures: readonly number[];
    scenarioIds: readonly string[];
    stress: Buffer | null;
    optionImpacts: PortfolioRisk['optionImpacts'] | null;
  }>;

const COLUMNS = `
  portfolio_id AS "portfolioId", session_date AS "sessionDate", equity::float8 AS equity, coverage, exposures, metrics, value_at_risk AS "valueAtRisk",
  volatility, concentration, scenario_ids AS "scenarioIds", stress, option_impacts AS "optionImpacts", failed_parts AS "failedParts"`;

function toRow({ exposures, scenarioIds, stress, optionImpacts, ...row }: StoredRisk): PortfolioRiskRow {
  return {
    ...row,
    exposures: exposures.length === 0 ? null : Float64Array.from(exposures),
    stress: stress === null ? null : unpackStress({ scenarioIds, bytes: stress }),
    optionImpacts: optionImpacts ?? {},
  };
}

/** Of the portfolios given with a session, those without a row of it, or with one of which a part failed. */
export async function listWithoutRisk(
  client: Queryable,
  wanted: readonly Readonly<{ portfolioId: string; sessionDate: string }>[],
): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ id: string }>(
    `SELECT id FROM unnest($1::uuid[], $2::date[]) AS wanted (id, session)
     WHERE NOT EXISTS (SELECT 1 FROM portfolio_risk WHERE portfolio_id = id AND session_date = session AND failed_parts = '{}')`,
    [wanted.map(({ portfolioId }) => portfolioId), wanted.map(({ sessionDate }) => sessionDate)],
  );
  return new Set(rows.map(({ id }) => id));
}

/** What is to be stored. `equity` as decimal text, as the snapshot has it. */
export type NewPortfolioRisk = PortfolioRisk & Readonly<{ portfolioId: string; equity: string }>;

/**
 * Replaces the rows of one session, and sets the value at risk that the session before had forecast against what the session has brought.
 * A forecast made anew takes the place of the one before it.
 */
export async function storePortfolioRisk(
  client: Queryable,
  { sessionDate, previousSession }: Readonly<{ sessionDate: string; previousSession: string }>,
  rows: readonly NewPortfolioRisk[],
): Promise<void> {
  if (rows.length === 0) return;
  const ids = rows.map(({ portfolioId }) => portfolioId);
  await client.query(`DELETE FROM portfolio_risk WHERE portfolio_id = ANY($1::uuid[]) AND session_date = $2`, [ids, sessionDate]);
  await client.query(INSERT, [sessionDate, ...riskColumns(rows)]);
  await client.query(BACK_TEST, [ids, sessionDate, previousSession]);
}

/** Arrays of arrays cannot be unnested: each travels as text. */
const INSERT = `
  INSERT INTO portfolio_risk (session_date, portfolio_id, equity, coverage, exposures, metrics, value_at_risk, volatility, concentration, scenario_ids,
    stress, option_impacts, failed_parts)
  SELECT $1, id, equity, coverage, exposures::float8[], metrics, var, volatility, concentration, scenarios::text[], stress, options, failed
  FROM unnest($2::uuid[], $3::numeric[], $4::float8[], $5::text[], $6::jsonb[], $7::jsonb[], $8::jsonb[], $9::jsonb[], $10::text[], $11::bytea[],
    $12::jsonb[], $13::jsonb[])
    AS given (id, equity, coverage, exposures, metrics, var, volatility, concentration, scenarios, stress, options, failed)`;

function riskColumns(rows: readonly NewPortfolioRisk[]): unknown[] {
  const packed = rows.map(({ stress }) => stress && packStress(stress));
  const json = (value: (row: NewPortfolioRisk) => unknown): readonly (string | null)[] =>
    rows.map((row) => (value(row) === null ? null : JSON.stringify(value(row))));
  return [
    rows.map(({ portfolioId }) => portfolioId),
    rows.map(({ equity }) => equity),
    rows.map(({ coverage }) => coverage),
    rows.map(({ exposures }) => `{${(exposures ?? []).join(',')}}`),
    // The column is never null: a part that failed is JSON's null.
    rows.map(({ metrics }) => JSON.stringify(metrics)),
    json(({ valueAtRisk }) => valueAtRisk),
    json(({ volatility }) => volatility),
    json(({ concentration }) => concentration),
    packed.map((stress) => `{${stress?.scenarioIds.join(',') ?? ''}}`),
    packed.map((stress) => stress && Buffer.from(stress.bytes)),
    json(({ optionImpacts }) => (Object.keys(optionImpacts).length === 0 ? null : optionImpacts)),
    json(({ failedParts }) => failedParts),
  ];
}

/** Only where the row before is of the very session before, and had a forecast. */
const BACK_TEST = `
  INSERT INTO var_backtests (portfolio_id, session_date, var_95, var_99, pnl)
  SELECT forecast.portfolio_id, $2, (forecast.value_at_risk#>>'{fractions,value_at_risk_95}')::float8,
    (forecast.value_at_risk#>>'{fractions,value_at_risk_99}')::float8, (now.daily_pnl / before.equity)::float8
  FROM portfolio_risk forecast
  JOIN portfolio_snapshots now ON now.portfolio_id = forecast.portfolio_id AND now.snapshot_date = $2 AND now.is_complete
  JOIN portfolio_snapshots before ON before.portfolio_id = forecast.portfolio_id AND before.snapshot_date = $3 AND before.is_complete
  WHERE forecast.portfolio_id = ANY($1::uuid[]) AND forecast.session_date = $3 AND before.equity > 0
    AND forecast.value_at_risk#>>'{fractions,value_at_risk_95}' IS NOT NULL
  ON CONFLICT (portfolio_id, session_date) DO UPDATE SET var_95 = EXCLUDED.var_95, var_99 = EXCLUDED.var_99, pnl = EXCLUDED.pnl`;

/**
 * What the risk of replaced sessions leaves behind: rows of portfolios from a session on go, since their figures have. Forecasts stay as they were made,
 * and are set against the P&L as it is known now. In the transaction that has replaced the snapshots.
 */
export async function removeOutdatedRisk(
  client: Queryable,
  from: readonly Readonly<{ portfolioId: string; from: string }>[],
): Promise<void> {
  const replaced = [from.map(({ portfolioId }) => portfolioId), from.map((item) => item.from)];
  await client.query(
    `DELETE FROM portfolio_risk USING unnest($1::uuid[], $2::date[]) AS replaced (id, from_date)
     WHERE portfolio_id = replaced.id AND session_date >= replaced.from_date`,
    replaced,
  );
  await client.query(RENEWED_OUTCOMES, replaced);
}

const RENEWED_OUTCOMES = `
  UPDATE var_backtests test SET pnl = (now.daily_pnl / before.equity)::float8
  FROM unnest($1::uuid[], $2::date[]) AS replaced (id, from_date), portfolio_snapshots now, LATERAL (
    SELECT equity FROM portfolio_snapshots earlier
    WHERE earlier.portfolio_id = now.portfolio_id AND earlier.snapshot_date < now.snapshot_date ORDER BY snapshot_date DESC LIMIT 1) AS before
  WHERE test.portfolio_id = replaced.id AND test.session_date >= replaced.from_date
    AND now.portfolio_id = test.portfolio_id AND now.snapshot_date = test.session_date AND before.equity > 0`;
