// The lots of a portfolio as their owner sees and changes them. What a calculation reads of them is in ledger.ts.
import type { ParsedPosition } from '@closebell/shared/csv/validate-row';
import type { LedgerLot } from '@closebell/shared/ledger/ledger';
import type { OptionStanding } from '@closebell/shared/ledger/position-now';
import type { Queryable } from './client.js';
import { LOT_COLUMNS } from './ledger-columns.js';

/** A lot as entered, with decimals as text. */
export type LotRow = LedgerLot &
  Readonly<{
    portfolioId: string;
    createdAt: Date;
    /** The trades that opened and closed it; null for what was uploaded or entered. */
    openedByTrade: string | null;
    closedByTrade: string | null;
  }>;

/** What a lot of a request or a file says, checked. */
export type LotTermsEntered = Omit<ParsedPosition, 'row'>;

const COLUMNS = `${LOT_COLUMNS}, lot.portfolio_id AS "portfolioId", lot.created_at AS "createdAt", opened_by_trade AS "openedByTrade", closed_by_trade AS "closedByTrade"`;

/** Their ids, in the order given. */
export async function insertLots(
  client: Queryable,
  portfolioId: string,
  lots: readonly LotTermsEntered[],
): Promise<readonly string[]> {
  const column = <T>(value: (lot: LotTermsEntered) => T): readonly T[] => lots.map(value);
  const { rows } = await client.query<{ id: string }>(
    `WITH given AS (
       SELECT gen_random_uuid() AS id, entered.*
       FROM unnest($2::text[], $3::text[], $4::text[], $5::numeric[], $6::numeric[], $7::date[], $8::numeric[], $9::date[], $10::text[],
         $11::numeric[], $12::date[], $13::text[]) WITH ORDINALITY AS entered (symbol, investment_class, investment_subtype, quantity, entry_price,
         entry_date, exit_price, exit_date, underlying_symbol, strike_price, expiration_date, option_type, place)),
     made AS (
       INSERT INTO positions (id, portfolio_id, symbol, investment_class, investment_subtype, quantity, entry_price, entry_date, exit_price,
         exit_date, underlying_symbol, strike_price, expiration_date, option_type)
       SELECT id, $1, symbol, investment_class, investment_subtype, quantity, entry_price, entry_date, exit_price, exit_date, underlying_symbol,
         strike_price, expiration_date, option_type FROM given ORDER BY place)
     SELECT id FROM given ORDER BY place`,
    [
      portfolioId,
      column(({ symbol }) => symbol),
      column(({ investmentClass }) => investmentClass),
      column(({ investmentSubtype }) => investmentSubtype),
      column(({ quantity }) => quantity),
      column(({ entryPrice }) => entryPrice),
      column(({ entryDate }) => entryDate),
      column(({ exitPrice }) => exitPrice),
      column(({ exitDate }) => exitDate),
      column(({ underlyingSymbol }) => underlyingSymbol),
      column(({ strikePrice }) => strikePrice),
      column(({ expirationDate }) => expirationDate),
      column(({ optionType }) => optionType),
    ],
  );
  return rows.map(({ id }) => id);
}

/** A lot and whose it is; null when there is none, or it or its portfolio was deleted. */
export async function findPosition(
  client: Queryable,
  positionId: string,
): Promise<Readonly<{ userId: string; lot: LotRow }> | null> {
  const { rows } = await client.query<LotRow & { userId: string }>(
    `SELECT ${COLUMNS}, user_id AS "userId" FROM positions lot JOIN portfolios p ON p.id = portfolio_id
     WHERE lot.id = $1 AND lot.deleted_at IS NULL AND p.deleted_at IS NULL`,
    [positionId],
  );
  const [row] = rows;
  if (row === undefined) return null;
  const { userId, ...lot } = row;
  return { userId, lot };
}

/** All lots of a portfolio as entered, closed ones included. */
export async function listLots(client: Queryable, portfolioId: string): Promise<readonly LotRow[]> {
  const { rows } = await client.query<LotRow>(
    `SELECT ${COLUMNS} FROM positions lot WHERE portfolio_id = $1 AND deleted_at IS NULL ORDER BY symbol, entry_date, created_at, id`,
    [portfolioId],
  );
  return rows;
}

export type ShownLot = LotRow &
  Readonly<{
    /** Of an option its underlying's. */
    sector: string | null;
    tags: readonly Readonly<{ id: string; name: string; color: string }>[];
    /** The newest mark of a private lot; null where there is none. */
    manualPriceE6: number | null;
    /** An option in the newest calculated session. */
    model: OptionStanding | null;
  }>;

/** All lots of a portfolio with what they are shown by. `today`: marks of later days do not count yet. */
export async function loadShownLots(client: Queryable, portfolioId: string, today: string): Promise<readonly ShownLot[]> {
  const { rows } = await client.query<ShownLot>(SHOWN_LOTS, [portfolioId, today]);
  return rows;
}

const SHOWN_LOTS = `
  SELECT ${COLUMNS}, s.sector, coalesce(tagged.tags, '[]') AS tags,
    (SELECT (price * 1000000)::float8 FROM manual_marks own WHERE own.position_id = lot.id AND mark_date <= $2
     ORDER BY mark_date DESC LIMIT 1) AS "manualPriceE6",
    CASE WHEN option_type IS NOT NULL AND v.session_date >= entry_date THEN (
      SELECT jsonb_build_object('sessionDate', v.session_date, 'priceE6', (v.price * 1000000)::float8, 'priceSource', v.price_source,
        'volatility', mark.volatility, 'rate', mark.rate)
      FROM option_marks mark WHERE mark.position_id = lot.id AND mark.session_date <= v.session_date
      ORDER BY mark.session_date DESC, revision DESC LIMIT 1) END AS model
  FROM positions lot
  LEFT JOIN securities s ON s.symbol = CASE investment_class WHEN 'OPTIONS' THEN underlying_symbol WHEN 'PUBLIC' THEN lot.symbol END
  LEFT JOIN position_values v ON v.portfolio_id = $1 AND v.position_id = lot.id
    AND v.session_date = (SELECT max(snapshot_date) FROM portfolio_snapshots WHERE portfolio_id = $1 AND is_complete)
  LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object('id', tags.id, 'name', name, 'color', color) ORDER BY name) AS tags
    FROM position_tags JOIN tags ON tags.id = tag_id WHERE position_tags.position_id = lot.id) AS tagged ON true
  WHERE lot.portfolio_id = $1 AND lot.deleted_at IS NULL`;

/** Under the ledger's lock. */
export async function updateLot(client: Queryable, positionId: string, lot: LotTermsEntered): Promise<void> {
  await client.query(
    `UPDATE positions SET symbol = $2, investment_class = $3, investment_subtype = $4, quantity = $5, entry_price = $6, entry_date = $7,
       exit_price = $8, exit_date = $9, underlying_symbol = $10, strike_price = $11, expiration_date = $12, option_type = $13
     WHERE id = $1 AND deleted_at IS NULL`,
    [
      positionId,
      lot.symbol,
      lot.investmentClass,
      lot.investmentSubtype,
      lot.quantity,
      lot.entryPrice,
      lot.entryDate,
      lot.exitPrice,
      lot.exitDate,
      lot.underlyingSymbol,
      lot.strikePrice,
      lot.expirationDate,
      lot.optionType,
    ],
  );
}

/** The model's marks of an option whose terms have changed: they were of another contract. */
export async function forgetMarks(client: Queryable, positionId: string): Promise<void> {
  await client.query(`DELETE FROM option_marks WHERE position_id = $1`, [positionId]);
}

/** Under the ledger's lock. Its values of past sessions go with the calculation that follows. */
export async function deleteLot(client: Queryable, positionId: string): Promise<void> {
  await client.query(`UPDATE positions SET deleted_at = clock_timestamp() WHERE id = $1 AND deleted_at IS NULL`, [positionId]);
}
