// Lots as their owners' programs read them: as entered, as the newest calculation valued them, with names and tags.
import type { PriceSource } from '@closebell/shared/calc/lot-history';
import type { LedgerLot } from '@closebell/shared/ledger/ledger';
import { groupBy } from '@closebell/shared/grouping';
import type { Queryable } from './client.js';
import { LOT_COLUMNS } from './ledger-columns.js';

/** Money in the portfolio's currency, below 0 for a short; `quantity` after splits. */
export type PositionValue = Readonly<{
  sessionDate: string;
  quantity: number;
  price: number;
  priceSource: PriceSource;
  /** Of the close behind the price; null without one. */
  priceDate: string | null;
  ageSessions: number;
  marketValue: number;
  costBasis: number;
  unrealisedPnl: number;
  deltaAdjustedValue: number | null;
  /** Size of the value as a share of the portfolio's gross value; null when that is 0. */
  weightGross: number | null;
}>;

export type PositionDetail = LedgerLot &
  Readonly<{
    portfolioId: string;
    /** The first session of the portfolio whose stored figures no longer hold; null when all do. */
    dirtyFrom: string | null;
    /** Of the security, of an option its underlying. */
    name: string | null;
    sector: string | null;
    /** By name. */
    tags: readonly Readonly<{ id: string; name: string; color: string }>[];
    /** At the newest session calculated; null when the lot was not open there. */
    value: PositionValue | null;
  }>;

/** All lots of a portfolio, closed ones too, the largest by market value first; at most `limit`. */
export async function listPortfolioPositions(
  client: Queryable,
  portfolioId: string,
  limit: number,
): Promise<readonly PositionDetail[]> {
  const { rows } = await client.query<DetailRow>(
    `${DETAILS} WHERE lot.portfolio_id = $1 AND ${ALIVE} ${LARGEST_FIRST} LIMIT $2`,
    [portfolioId, limit],
  );
  return withTags(client, rows);
}

/** Those of the lots that are the user's, the largest first. */
export async function listOwnPositions(
  client: Queryable,
  userId: string,
  positionIds: readonly string[],
): Promise<readonly PositionDetail[]> {
  const { rows } = await client.query<DetailRow>(
    `${DETAILS} WHERE lot.id = ANY($1::uuid[]) AND portfolio.user_id = $2 AND ${ALIVE} ${LARGEST_FIRST}`,
    [positionIds, userId],
  );
  return withTags(client, rows);
}

type TagRow = Readonly<{ positionId: string; id: string; name: string; color: string }>;

/** A statement of its own: to gather them lot by lot takes longer than all else of the lots. */
async function withTags(client: Queryable, details: readonly DetailRow[]): Promise<readonly PositionDetail[]> {
  const { rows } = await client.query<TagRow>(
    `SELECT position_id AS "positionId", tag.id, name, color FROM position_tags JOIN tags tag ON tag.id = tag_id
     WHERE position_id = ANY($1::uuid[]) ORDER BY name, tag.id`,
    [details.map(({ positionId }) => positionId)],
  );
  const tagsOf = groupBy(rows, ({ positionId }) => positionId);
  return details.map((row) => {
    const tags = (tagsOf.get(row.positionId) ?? []).map(({ id, name, color }) => ({ id, name, color }));
    return { tags, ...toUntagged(row) };
  });
}

type Unvalued = { [K in keyof PositionValue as `value${Capitalize<K>}`]: PositionValue[K] | null };
type Untagged = Omit<PositionDetail, 'tags'>;
type DetailRow = Omit<Untagged, 'value'> & Unvalued;

// The values of a portfolio are all of one session: the newest that is calculated.
const DETAILS = `
  SELECT lot.portfolio_id AS "portfolioId", ${LOT_COLUMNS},
    portfolio.dirty_from AS "dirtyFrom", security.name, security.sector,
    held.session_date AS "valueSessionDate", held.quantity::float8 AS "valueQuantity", held.price::float8 AS "valuePrice",
    held.price_source AS "valuePriceSource", held.price_date AS "valuePriceDate", held.age_sessions AS "valueAgeSessions",
    held.market_value::float8 AS "valueMarketValue", held.cost_basis::float8 AS "valueCostBasis",
    held.unrealised_pnl::float8 AS "valueUnrealisedPnl", held.delta_adjusted_value::float8 AS "valueDeltaAdjustedValue",
    held.weight_gross AS "valueWeightGross"
  FROM positions lot JOIN portfolios portfolio ON portfolio.id = lot.portfolio_id
  LEFT JOIN position_values held ON held.portfolio_id = lot.portfolio_id AND held.position_id = lot.id
  LEFT JOIN securities security
    ON security.symbol = CASE lot.investment_class WHEN 'OPTIONS' THEN lot.underlying_symbol WHEN 'PUBLIC' THEN lot.symbol END`;

const ALIVE = `lot.deleted_at IS NULL AND portfolio.deleted_at IS NULL`;
const LARGEST_FIRST = `ORDER BY abs(held.market_value) DESC NULLS LAST, lot.symbol, lot.entry_date, lot.id`;

function toUntagged({
  valueSessionDate: sessionDate,
  valueQuantity,
  valuePrice,
  valuePriceSource,
  valuePriceDate: priceDate,
  valueAgeSessions,
  valueMarketValue,
  valueCostBasis,
  valueUnrealisedPnl,
  valueDeltaAdjustedValue: deltaAdjustedValue,
  valueWeightGross: weightGross,
  ...detail
}: DetailRow): Untagged {
  if (sessionDate === null) return { value: null, ...detail };
  const value = {
    sessionDate,
    quantity: valueQuantity!,
    price: valuePrice!,
    priceSource: valuePriceSource!,
    priceDate,
    ageSessions: valueAgeSessions!,
    marketValue: valueMarketValue!,
    costBasis: valueCostBasis!,
    unrealisedPnl: valueUnrealisedPnl!,
    deltaAdjustedValue,
    weightGross,
  };
  // In this order: V8 is slow to add to what it has spread.
  return { value, ...detail };
}
