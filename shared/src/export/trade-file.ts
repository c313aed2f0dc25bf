// Trades as a file: with their totals, or as the order lines that every broker knows under names of its own.
import { formatScaled, lotValueE4, parseScaled } from '../calc/exact-value.js';
import { plainDecimal } from '../contracts/json-decimal.js';
import { CONTENT_TYPES } from './export-request.js';
import { csvOf, type ExportCell, type ExportTable } from './export-table.js';

export const TRADE_FILE_FORMATS = ['csv', 'json', 'generic'] as const;
export type TradeFileFormat = (typeof TRADE_FILE_FORMATS)[number];

/** The most that a trade may come to, as of a lot: sums of such stay exact. */
export const TRADE_VALUE_MAX = 1e11;

/** At most 8 decimals of quantity and 6 of price. */
export type ExportedTrade = Readonly<{ symbol: string; side: 'buy' | 'sell'; quantity: number; price?: number | undefined }>;

export function tradeFile(trades: readonly ExportedTrade[], format: TradeFileFormat) {
  const isJson = format === 'json';
  return {
    fileName: `closebell_${format === 'generic' ? 'orders' : 'trades'}.${isJson ? 'json' : 'csv'}`,
    contentType: CONTENT_TYPES[isJson ? 'json' : 'csv'],
    body: isJson ? JSON.stringify(tradeDocument(trades)) : csvOf(format === 'csv' ? tradeTable(trades) : orderTable(trades)),
  };
}

function tradeDocument(trades: readonly ExportedTrade[]) {
  const totals = trades.map(totalE4);
  const sum = (side: ExportedTrade['side']): number => {
    const sumE4 = trades.reduce((total, trade, i) => (trade.side === side ? total + BigInt(totals[i] ?? 0) : total), 0n);
    return Number(formatScaled(sumE4, 4));
  };
  return {
    trades: trades.map((trade, i) => ({ ...trade, price: trade.price ?? null, total: dollars(totals[i] ?? null) })),
    count: trades.length,
    total_bought: sum('buy'),
    total_sold: sum('sell'),
    without_price: trades.filter(({ price }) => price === undefined).length,
  };
}

function tradeTable(trades: readonly ExportedTrade[]): ExportTable {
  return {
    title: 'Trades',
    columns: [
      { name: 'symbol', kind: 'text' },
      { name: 'side', kind: 'text' },
      { name: 'quantity', kind: 'number' },
      { name: 'price', kind: 'number' },
      { name: 'total', kind: 'number' },
    ],
    rows: trades.map((trade) => [
      trade.symbol,
      trade.side,
      decimal(trade.quantity),
      decimal(trade.price),
      dollars(totalE4(trade)),
    ]),
  };
}

/** A price given is a limit; without one the order is at market. All are good for the day. */
function orderTable(trades: readonly ExportedTrade[]): ExportTable {
  return {
    title: 'Orders',
    columns: [
      { name: 'Action', kind: 'text' },
      { name: 'Symbol', kind: 'text' },
      { name: 'Quantity', kind: 'number' },
      { name: 'Order Type', kind: 'text' },
      { name: 'Limit Price', kind: 'number' },
      { name: 'Time In Force', kind: 'text' },
    ],
    rows: trades.map(({ side, symbol, quantity, price }) => [
      side.toUpperCase(),
      symbol,
      decimal(quantity),
      price === undefined ? 'MARKET' : 'LIMIT',
      decimal(price),
      'DAY',
    ]),
  };
}

/** Below it a number is written with an exponent, which spreadsheets and brokers do not read. */
const WRITTEN_OUT_MIN = 1e-6;

function decimal(value: number | undefined): ExportCell {
  if (value === undefined) return null;
  return value >= WRITTEN_OUT_MIN ? value : plainDecimal(value);
}

/** quantity × price in units of 1e-4; null without a price. */
function totalE4({ quantity, price }: ExportedTrade): number | null {
  if (price === undefined) return null;
  return lotValueE4({ quantityE8: scaled(quantity, 8), multiplier: 1 }, Number(scaled(price, 6)));
}

/** Up to here the nearest integer of a product is the one that was meant. */
const ROUNDED_SAFELY_MAX = 2 ** 52;

function scaled(value: number, decimals: number): bigint {
  const units = Math.round(value * 10 ** decimals);
  return BigInt(units < ROUNDED_SAFELY_MAX ? units : parseScaled(plainDecimal(value) ?? '0', decimals));
}

function dollars(valueE4: number | null): number | null {
  return valueE4 === null ? null : valueE4 / 1e4;
}
