// Factor models and what is known of each symbol, once per session for everybody. Rows are inserted and never updated: what was made of
// prices that changed is deleted with them (statistics-changes.ts).
import type { ModelFactor } from '@closebell/shared/calc/factors';
import type { FactorModelOfSession } from '@closebell/shared/risk/factor-model-of-session';
import type { SymbolStatistics } from '@closebell/shared/risk/symbol-statistics';
import type { Queryable } from './client.js';

/** Null: nobody has computed the session yet, or its factors' prices have changed since. */
export async function loadFactorModel(client: Queryable, session: string): Promise<FactorModelOfSession | null> {
  const { rows } = await client.query<ModelRow>(
    `SELECT session_date AS "sessionDate", factors, proxies, covariance, observations, is_shrunk AS "isShrunk"
     FROM factor_models WHERE session_date = $1`,
    [session],
  );
  const [row] = rows;
  return row ? { ...row, covariance: arrayOrNull(row.covariance) } : null;
}

/** By symbol; those that lack a row are absent. */
export async function loadSymbolStatistics(
  client: Queryable,
  symbols: readonly string[],
  session: string,
): Promise<ReadonlyMap<string, SymbolStatistics>> {
  const { rows } = await client.query<StatisticsRow>(
    `SELECT symbol, observations, array_to_json(betas) AS betas, array_to_json(standard_errors) AS "standardErrors", r_squared AS "rSquared", residual_volatility AS "residualVolatility",
       condition_number AS "conditionNumber", is_extreme AS "isExtreme", univariate, volatility, drawdown, reasons
     FROM symbol_statistics WHERE symbol = ANY($1) AND session_date = $2`,
    [symbols, session],
  );
  return new Map(
    rows.map((row) => [row.symbol, { ...row, betas: arrayOrNull(row.betas), standardErrors: arrayOrNull(row.standardErrors) }]),
  );
}

type ModelRow = Omit<FactorModelOfSession, 'factors' | 'covariance'> &
  Readonly<{ factors: ModelFactor[]; covariance: readonly number[] }>;

type StatisticsRow = Omit<SymbolStatistics, 'betas' | 'standardErrors'> &
  Readonly<{ betas: readonly number[]; standardErrors: readonly number[] }>;

function arrayOrNull(values: readonly number[]): Float64Array | null {
  return values.length === 0 ? null : Float64Array.from(values);
}

/** What a session lacks of what is asked for. */
export type LackingStatistics = Readonly<{ isModelLacking: boolean; symbols: readonly string[] }>;

/** Symbols in the order asked. */
export async function findLackingStatistics(
  client: Queryable,
  symbols: readonly string[],
  session: string,
): Promise<LackingStatistics> {
  const { rows } = await client.query<{ isModelLacking: boolean; symbols: string[] }>(
    `SELECT NOT EXISTS (SELECT 1 FROM factor_models WHERE session_date = $2) AS "isModelLacking", ARRAY(
       SELECT symbol FROM unnest($1::text[]) WITH ORDINALITY AS wanted (symbol, place)
       WHERE NOT EXISTS (SELECT 1 FROM symbol_statistics known WHERE known.symbol = wanted.symbol AND session_date = $2) ORDER BY place) AS symbols`,
    [symbols, session],
  );
  return rows[0]!;
}

export async function insertFactorModel(client: Queryable, model: FactorModelOfSession): Promise<void> {
  await client.query(
    `INSERT INTO factor_models (session_date, factors, proxies, covariance, observations, is_shrunk)
     VALUES ($1, $2, $3, $4::float8[], $5, $6) ON CONFLICT DO NOTHING`,
    [
      model.sessionDate,
      model.factors,
      JSON.stringify(model.proxies),
      arrayText(model.covariance),
      model.observations,
      model.isShrunk,
    ],
  );
}

export async function insertSymbolStatistics(
  client: Queryable,
  session: string,
  statistics: readonly SymbolStatistics[],
): Promise<void> {
  const column = <T>(value: (one: SymbolStatistics) => T): readonly T[] => statistics.map(value);
  await client.query(
    `INSERT INTO symbol_statistics (session_date, symbol, observations, betas, standard_errors, r_squared, residual_volatility, condition_number,
       is_extreme, univariate, volatility, drawdown, reasons)
     SELECT $1, symbol, observations, betas::float8[], errors::float8[], r_squared, residual, condition, extreme, univariate, volatility, drawdown, reasons
     FROM unnest($2::text[], $3::int[], $4::text[], $5::text[], $6::float8[], $7::float8[], $8::float8[], $9::bool[], $10::jsonb[], $11::jsonb[],
       $12::jsonb[], $13::jsonb[])
       AS given (symbol, observations, betas, errors, r_squared, residual, condition, extreme, univariate, volatility, drawdown, reasons)
     ORDER BY symbol ON CONFLICT DO NOTHING`,
    [
      session,
      column(({ symbol }) => symbol),
      column(({ observations }) => observations),
      column(({ betas }) => arrayText(betas)),
      column(({ standardErrors }) => arrayText(standardErrors)),
      column(({ rSquared }) => rSquared),
      column(({ residualVolatility }) => residualVolatility),
      column(({ conditionNumber }) => conditionNumber),
      column(({ isExtreme }) => isExtreme),
      column(({ univariate }) => JSON.stringify(univariate)),
      column(({ volatility }) => JSON.stringify(volatility)),
      column(({ drawdown }) => (drawdown === null ? null : JSON.stringify(drawdown))),
      column(({ reasons }) => JSON.stringify(reasons)),
    ],
  );
}

/** Arrays of arrays cannot be unnested: each travels as text. Every digit of a number is in its text. */
function arrayText(values: Float64Array | null): string {
  return `{${(values ?? []).join(',')}}`;
}
