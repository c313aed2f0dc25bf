// Trades as they were made, and the lots they open and close. Every write here is under the ledger's lock.
import type { LedgerLot } from '@closebell/shared/ledger/ledger';
import type { TradePriceSource } from '@closebell/shared/contracts/trades';
import type { Queryable } from './client.js';
import { LOT_COLUMNS } from './ledger-columns.js';

export type TradeRow = Readonly<{
  trade_id: string;
  symbol: string;
  side: 'buy' | 'sell';
  quantity: number;
  price: number;
  price_source: TradePriceSource;
  total: number;
  realized_pnl: number | null;
  trade_date: string;
  created_at: Date;
}>;

/** Amounts are decimal text. */
export type NewTrade = Readonly<{
  portfolioId: string;
  symbol: string;
  side: 'buy' | 'sell';
  quantity: string;
  price: string;
  tradeDate: string;
  total: string;
  realizedPnl: string | null;
  priceSource: TradePriceSource;
}>;

/** The lots of a symbol that nobody has closed, of any class, in the order that sales close them. */
export async function loadOpenLots(client: Queryable, portfolioId: string, symbol: string): Promise<readonly LedgerLot[]> {
  const { rows } = await client.query<LedgerLot>(
    `SELECT ${LOT_COLUMNS} FROM positions lot
     WHERE portfolio_id = $1 AND symbol = $2 AND exit_date IS NULL AND deleted_at IS NULL
     ORDER BY entry_date, created_at, id`,
    [portfolioId, symbol],
  );
  return rows;
}

export async function insertTrade(client: Queryable, trade: NewTrade): Promise<Readonly<{ id: string; createdAt: Date }>> {
  const { rows } = await client.query<{ id: string; createdAt: Date }>(
    `INSERT INTO trades (portfolio_id, symbol, side, quantity, price, trade_date, total, realized_pnl, price_source, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, clock_timestamp()) RETURNING id, created_at AS "createdAt"`,
    [
      trade.portfolioId,
      trade.symbol,
      trade.side,
      trade.quantity,
      trade.price,
      trade.tradeDate,
      trade.total,
      trade.realizedPnl,
      trade.priceSource,
    ],
  );
  return rows[0]!;
}

/** A lot of so many shares, decimal text, at the price and date of the trade. */
export async function openLot(client: Queryable, tradeId: string, quantity: string): Promise<string> {
  const { rows } = await client.query<{ id: string }>(
    `INSERT INTO positions (portfolio_id, symbol, investment_class, quantity, entry_price, entry_date, opened_by_trade, created_at)
     SELECT portfolio_id, symbol, 'PUBLIC', $2::numeric, price, trade_date, id, clock_timestamp() FROM trades WHERE id = $1 RETURNING id`,
    [tradeId, quantity],
  );
  return rows[0]!.id;
}

/** Closes whole lots at the price and date of the trade. */
export async function closeLots(client: Queryable, tradeId: string, positionIds: readonly string[]): Promise<void> {
  await client.query(
    `UPDATE positions SET exit_price = price, exit_date = trade_date, closed_by_trade = trades.id
     FROM trades WHERE trades.id = $1 AND positions.id = ANY($2::uuid[])`,
    [tradeId, positionIds],
  );
}

/** Quantities are decimal text, as entered. */
export type LotSplit = Readonly<{ positionId: string; closed: string; kept: string }>;

/** Closes a part of a lot: the part becomes a lot of its own, with the same entry and tags, and its id is given. The rest keeps its id. */
export async function closePart(client: Queryable, tradeId: string, { positionId, closed, kept }: LotSplit): Promise<string> {
  const { rows } = await client.query<{ id: string }>(
    `WITH part AS (
       INSERT INTO positions (portfolio_id, symbol, investment_class, investment_subtype, quantity, entry_price, entry_date, exit_price, exit_date,
         underlying_symbol, strike_price, expiration_date, option_type, created_at, opened_by_trade, closed_by_trade)
       SELECT lot.portfolio_id, lot.symbol, investment_class, investment_subtype, $3::numeric, entry_price, entry_date, trades.price, trade_date,
         underlying_symbol, strike_price, expiration_date, option_type, lot.created_at, opened_by_trade, trades.id
       FROM positions lot JOIN trades ON trades.id = $1 WHERE lot.id = $2 RETURNING id),
     rest AS (UPDATE positions SET quantity = $4::numeric WHERE id = $2),
     tagged AS (
       INSERT INTO position_tags (tag_id, position_id, tagged_at)
       SELECT tag_id, part.id, tagged_at FROM position_tags, part WHERE position_tags.position_id = $2)
     SELECT id FROM part`,
    [tradeId, positionId, closed, kept],
  );
  return rows[0]!.id;
}

export type TradeFilter = Readonly<{ symbol?: string | undefined; before?: string | undefined; limit: number }>;

/** Newest first; `before` is the id of the last trade of the page before. */
export async function listTrades(
  client: Queryable,
  portfolioId: string,
  { symbol, before, limit }: TradeFilter,
): Promise<readonly TradeRow[]> {
  const { rows } = await client.query<TradeRow>(
    `SELECT id AS trade_id, symbol, side, quantity::float8, price::float8, price_source, total::float8, realized_pnl::float8, trade_date,
       created_at
     FROM trades WHERE portfolio_id = $1 AND ($2::text IS NULL OR symbol = $2)
       AND ($3::uuid IS NULL OR (created_at, id) < (SELECT created_at, id FROM trades WHERE id = $3 AND portfolio_id = $1))
     ORDER BY created_at DESC, id DESC LIMIT $4`,
    [portfolioId, symbol ?? null, before ?? null, limit],
  );
  return rows;
}
