// The figures of many portfolios, written at once: snapshots, position values and option marks, in the transaction that proves the claims.
import { formatScaled } from '@closebell/shared/calc/exact-value';
import type { SessionFigures } from '@closebell/shared/calc/session-figures';
import type { PriceSource } from '@closebell/shared/calc/lot-history';
import type { OptionMark } from '@closebell/shared/calc/option-marks';
import type { Queryable } from './client.js';
import { removeOutdatedRisk } from './portfolio-risk.js';

export type SnapshotFigures = Readonly<{
  portfolioId: string;
  date: string;
  figures: SessionFigures;
  oldestPriceDate: string | null;
  inputHash: Buffer;
}>;

/** One lot at the last session computed. Money in units of 1e-4, prices in 1e-6, quantity in 1e-8 after splits. */
export type LotValue = Readonly<{
  portfolioId: string;
  positionId: string;
  date: string;
  quantityE8: bigint;
  priceE6: number;
  priceSource: PriceSource;
  priceDate: string | null;
  ageSessions: number;
  marketValueE4: number;
  costBasisE4: number;
  deltaAdjustedE4: number | null;
  weightGross: number | null;
}>;

export type LotMark = OptionMark & Readonly<{ positionId: string }>;

/** Replaces the snapshots of each portfolio from its first recomputed session on, and with them what was made of them. Readers see the old ones until the commit. */
export async function replaceSnapshots(
  client: Queryable,
  from: readonly Readonly<{ portfolioId: string; from: string }>[],
  snapshots: readonly SnapshotFigures[],
): Promise<void> {
  await client.query(
    `DELETE FROM portfolio_snapshots USING unnest($1::uuid[], $2::date[]) AS stale (id, from_date)
     WHERE portfolio_id = stale.id AND snapshot_date >= stale.from_date`,
    [from.map(({ portfolioId }) => portfolioId), from.map((item) => item.from)],
  );
  await client.query(
    `INSERT INTO portfolio_snapshots (portfolio_id, snapshot_date, is_complete, equity, cash, long_value, short_value, gross_value, net_value,
       options_value, private_value, delta_long, delta_short, position_count, long_count, short_count, option_count, daily_pnl, daily_return,
       cumulative_pnl, realised_pnl, capital_flow, coverage, valuation, oldest_price_date, input_hash)
     SELECT id, date, true, equity, cash, long, short, gross, net, options, private, delta_long, delta_short, positions, longs, shorts, option_lots,
       pnl, daily_return, cumulative, realised, flow, coverage, valuation, oldest, hash
     FROM unnest($1::uuid[], $2::date[], $3::numeric[], $4::numeric[], $5::numeric[], $6::numeric[], $7::numeric[], $8::numeric[], $9::numeric[],
       $10::numeric[], $11::numeric[], $12::numeric[], $13::int[], $14::int[], $15::int[], $16::int[], $17::numeric[], $18::float8[],
       $19::numeric[], $20::numeric[], $21::numeric[], $22::float8[], $23::text[], $24::date[], $25::bytea[])
       AS given (id, date, equity, cash, long, short, gross, net, options, private, delta_long, delta_short, positions, longs, shorts,
         option_lots, pnl, daily_return, cumulative, realised, flow, coverage, valuation, oldest, hash)`,
    snapshotColumns(snapshots),
  );
  await removeOutdatedRisk(client, from);
}

function snapshotColumns(snapshots: readonly SnapshotFigures[]): unknown[] {
  const column = <T>(value: (snapshot: SnapshotFigures) => T): readonly T[] => snapshots.map(value);
  const money = (value: (figures: SessionFigures) => number | null): readonly (string | null)[] =>
    snapshots.map(({ figures }) => moneyText(value(figures)));
  return [
    column(({ portfolioId }) => portfolioId),
    column(({ date }) => date),
    money((f) => f.equityE4),
    money((f) => f.cashE4),
    money((f) => f.longE4),
    money((f) => f.shortE4),
    money((f) => f.grossE4),
    money((f) => f.netE4),
    money((f) => f.optionsE4),
    money((f) => f.privateE4),
    money((f) => f.deltaLongE4),
    money((f) => f.deltaShortE4),
    column(({ figures }) => figures.positionCount),
    column(({ figures }) => figures.longCount),
    column(({ figures }) => figures.shortCount),
    column(({ figures }) => figures.optionCount),
    money((f) => f.pnlE4),
    column(({ figures }) => figures.dailyReturn),
    money((f) => f.cumulativePnlE4),
    money((f) => f.realisedPnlE4),
    money((f) => f.flowE4),
    column(({ figures }) => figures.coverage),
    column(({ figures }) => figures.valuation),
    column(({ oldestPriceDate }) => oldestPriceDate),
    column(({ inputHash }) => inputHash),
  ];
}

function moneyText(valueE4: number | null): string | null {
  return valueE4 === null ? null : formatScaled(valueE4, 4);
}

/** Replaces the lots' values of each portfolio: those of the last session computed are kept, earlier ones are history. */
export async function replaceLotValues(
  client: Queryable,
  portfolioIds: readonly string[],
  values: readonly LotValue[],
): Promise<void> {
  await client.query(`DELETE FROM position_values WHERE portfolio_id = ANY($1::uuid[])`, [portfolioIds]);
  await client.query(
    `INSERT INTO position_values (portfolio_id, session_date, position_id, quantity, price, price_source, price_date, age_sessions, market_value,
       cost_basis, unrealised_pnl, delta_adjusted_value, weight_gross)
     SELECT portfolio, date, position, quantity, price, source, price_date, age, value, cost, value - cost, delta, weight
     FROM unnest($1::uuid[], $2::date[], $3::uuid[], $4::numeric[], $5::numeric[], $6::text[], $7::date[], $8::int[], $9::numeric[], $10::numeric[],
       $11::numeric[], $12::float8[]) AS given (portfolio, date, position, quantity, price, source, price_date, age, value, cost, delta, weight)`,
    [
      values.map(({ portfolioId }) => portfolioId),
      values.map(({ date }) => date),
      values.map(({ positionId }) => positionId),
      values.map(({ quantityE8 }) => formatScaled(quantityE8, 8)),
      values.map(({ priceE6 }) => formatScaled(priceE6, 6)),
      values.map(({ priceSource }) => priceSource),
      values.map(({ priceDate }) => priceDate),
      values.map(({ ageSessions }) => ageSessions),
      values.map(({ marketValueE4 }) => moneyText(marketValueE4)),
      values.map(({ costBasisE4 }) => moneyText(costBasisE4)),
      values.map(({ deltaAdjustedE4 }) => moneyText(deltaAdjustedE4)),
      values.map(({ weightGross }) => weightGross),
    ],
  );
}

/** Adds marks; one of a session that has a mark already becomes its next revision. */
export async function insertMarks(client: Queryable, marks: readonly LotMark[]): Promise<void> {
  if (marks.length === 0) return;
  await client.query(
    `INSERT INTO option_marks (position_id, session_date, revision, price, delta, underlying_close, entry_close, volatility, rate, iv_source)
     SELECT given.position_id, given.session_date,
       coalesce((SELECT max(revision) + 1 FROM option_marks known WHERE known.position_id = given.position_id AND known.session_date = given.session_date), 0),
       price, delta, underlying_close, entry_close, volatility, rate, source
     FROM unnest($1::uuid[], $2::date[], $3::numeric[], $4::float8[], $5::numeric[], $6::numeric[], $7::float8[], $8::float8[], $9::text[])
       AS given (position_id, session_date, price, delta, underlying_close, entry_close, volatility, rate, source)`,
    [
      marks.map(({ positionId }) => positionId),
      marks.map(({ sessionDate }) => sessionDate),
      marks.map(({ priceE6 }) => formatScaled(priceE6, 6)),
      marks.map(({ delta }) => delta),
      marks.map(({ underlyingCloseE6 }) => formatScaled(underlyingCloseE6, 6)),
      marks.map(({ entryCloseE6 }) => (entryCloseE6 === null ? null : formatScaled(entryCloseE6, 6))),
      marks.map(({ volatility }) => volatility),
      marks.map(({ rate }) => rate),
      marks.map(({ source }) => source),
    ],
  );
}

/** The newest revision of each stored mark of the lots from `from` to `to`, oldest session first. */
export async function loadMarks(
  client: Queryable,
  positionIds: readonly string[],
  from: string,
  to: string,
): Promise<readonly LotMark[]> {
  if (positionIds.length === 0) return [];
  const { rows } = await client.query<LotMark>(
    `SELECT DISTINCT ON (position_id, session_date) position_id AS "positionId", session_date AS "sessionDate", (price * 1000000)::float8 AS "priceE6",
       delta, (underlying_close * 1000000)::float8 AS "underlyingCloseE6", (entry_close * 1000000)::float8 AS "entryCloseE6", volatility, rate,
       iv_source AS source
     FROM option_marks WHERE position_id = ANY($1::uuid[]) AND session_date BETWEEN $2 AND $3
     ORDER BY position_id, session_date, revision DESC`,
    [positionIds, from, to],
  );
  return rows;
}

/** Marks the portfolios clean whose ledger is still the one that was computed; the others are returned, to be computed again. */
export async function settleGenerations(
  client: Queryable,
  computed: readonly Readonly<{ portfolioId: string; generation: number }>[],
): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ id: string }>(
    // In the order of ids, as everybody locks portfolios: a forced batch marks them while chunks settle them.
    `WITH unchanged AS (
       SELECT portfolios.id FROM portfolios JOIN unnest($1::uuid[], $2::bigint[]) AS done (id, generation)
         ON portfolios.id = done.id AND portfolios.generation = done.generation ORDER BY portfolios.id FOR UPDATE OF portfolios)
     UPDATE portfolios SET dirty_from = NULL FROM unchanged WHERE portfolios.id = unchanged.id RETURNING portfolios.id`,
    [computed.map(({ portfolioId }) => portfolioId), computed.map(({ generation }) => generation)],
  );
  const settled = new Set(rows.map(({ id }) => id));
  return new Set(computed.map(({ portfolioId }) => portfolioId).filter((id) => !settled.has(id)));
}
