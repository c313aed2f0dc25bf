// A snapshot carries a hash of the values it was computed from, chained outward from the anchor: same inputs, same bytes.
// Values only: never ids, generations or times, so that a replay on another machine gives the same hash.
import { createHash } from 'node:crypto';
import { NO_SPLIT } from '../calc/exact-value.js';
import { openSessions, pricesOf, type Lot } from '../calc/lot-history.js';
import type { Flow } from '../calc/portfolio-history.js';
import { realisedBySession } from '../calc/portfolio-sums.js';
import { splitRatioAt, type PriceSeries, type SessionAxis } from '../calc/price-series.js';
import type { LedgerEntries, LedgerLot } from '../ledger/ledger.js';
import type { BuiltLot } from '../ledger/lots.js';
import { lotsBySession } from './lots-by-session.js';

/** Changes when the same inputs would give other figures, or another hash. */
export const METHOD_VERSION = 'closebell equity chain 2';

export type HashInput = Readonly<{
  axis: SessionAxis;
  ledger: Pick<LedgerEntries, 'equityBalance' | 'equityAsOf'>;
  lots: readonly BuiltLot[];
  flows: readonly Flow[];
  /** `anchorIndex` for a whole history; `previous` is the hash of session 0 for a continued one. */
  start: Readonly<{ anchorIndex: number }> | Readonly<{ previous: Buffer }>;
}>;

/** Hashes of sessions 1 … of the axis, in order. */
export function inputHashes(input: HashInput): readonly Buffer[] {
  const hashes: Buffer[] = [];
  for (const { index, hash } of hashChain(input)) hashes[index - 1] = hash;
  return hashes;
}

/** The same one by one, from the start outward: first to the end of the axis, then back to session 1. */
export function* hashChain(input: HashInput): Generator<Readonly<{ index: number; hash: Buffer }>> {
  const { axis, ledger, start } = input;
  const inputsOf = sessionInputs(input);
  const last = axis.sessions.length - 1;
  const link = (previous: Buffer, index: number): Buffer => {
    const { head, records } = inputsOf(index);
    return createHash('sha256').update(previous).update(head).update(records).digest();
  };
  const seed = createHash('sha256').update(`${METHOD_VERSION}\n${ledger.equityBalance}\n${ledger.equityAsOf}`).digest();
  const anchorIndex = 'anchorIndex' in start ? start.anchorIndex : 0;
  const anchor = 'anchorIndex' in start ? link(seed, anchorIndex) : start.previous;
  if (anchorIndex > 0) yield { index: anchorIndex, hash: anchor };
  for (let index = anchorIndex + 1, hash = anchor; index <= last; index++) {
    hash = link(hash, index);
    yield { index, hash };
  }
  for (let index = anchorIndex - 1, hash = anchor; index >= 1; index--) {
    hash = link(hash, index);
    yield { index, hash };
  }
}

/** `records` is good until the next call. */
type SessionInputs = Readonly<{ head: string; records: Uint8Array }>;

/**
 * What the figures of a session depend on beyond its neighbour's: its flows, the realised P&L of the lots closed before, and of each lot
 * held in it or at the close before its terms and its prices.
 */
function sessionInputs({ axis, lots, flows }: HashInput): (index: number) => SessionInputs {
  const held = lotsBySession(
    axis.sessions.length,
    lots.map(({ lot }) => {
      const { first } = openSessions(axis, lot);
      return { first, last: Math.min(lot.exitIndex, axis.sessions.length - 1) };
    }),
  );
  const keys = lots.map(({ entry, lot }) => (lot.exitIndex < 0 ? null : keyOf(entry)));
  const pricesOfLot = pricesOfLots(axis, lots);
  const realisedE4 = realisedBySession(axis, lots);
  const records = createRecords(held.most);
  return (index) => {
    const open = held.of(index);
    for (let at = 0; at < open.length; at++) {
      const k = open[at]!;
      records.words.set(keys[k]!, at * RECORD_WORDS);
      writeLot(records.numbers, at * RECORD_NUMBERS + KEY_NUMBERS, lots[k]!, pricesOfLot[k]!, index);
    }
    const booked = flows.filter((flow) => flow.index === index).map(({ amountE4 }) => `\nflow ${amountE4}`);
    return {
      head: `${axis.sessions[index]}${booked.join('')}\nrealised ${realisedE4[index]}\nlots ${open.length}\n`,
      records: records.bytes.subarray(0, open.length * RECORD_NUMBERS * 8),
    };
  };
}

/** The digest of the lot's terms, in words: numbers would not keep every pattern of bits. */
function keyOf(entry: LedgerLot): Uint32Array {
  const digest = createHash('sha256').update(lotTerms(entry)).digest();
  return new Uint32Array(Uint8Array.from(digest).buffer);
}

/** Without the exit, which no session before it depends on: its value is in the record of its session. */
function lotTerms(lot: LedgerLot): string {
  return [
    lot.investmentClass,
    lot.investmentSubtype,
    lot.symbol,
    lot.quantity,
    lot.entryPrice,
    lot.entryDate,
    lot.underlyingSymbol,
    lot.strikePrice,
    lot.expirationDate,
    lot.optionType,
  ].join('|');
}

/** Of a record in eights of bytes: the key, the price before, the price, dividend, exit and delta. */
const KEY_NUMBERS = 4;
const PRICE_NUMBERS = 4;
const RECORD_NUMBERS = KEY_NUMBERS + 2 * PRICE_NUMBERS + 3;
const RECORD_WORDS = RECORD_NUMBERS * 2;
const NONE = -1;

/** One memory seen as words, numbers and bytes: little-endian, as every machine that Node's builds run on but IBM's large ones. */
function createRecords(count: number) {
  const memory = new ArrayBuffer(count * RECORD_NUMBERS * 8);
  return { words: new Uint32Array(memory), numbers: new Float64Array(memory), bytes: new Uint8Array(memory) };
}

/** Of a lot in session i; −1 where there is none. */
function writeLot(
  numbers: Float64Array,
  at: number,
  { lot, deltaE4 }: BuiltLot,
  { prices, dividends }: PriceRecords,
  i: number,
): void {
  const isClosed = lot.exitIndex <= i;
  copyPrice(prices, lot.entryIndex < i ? i - 1 : NONE, numbers, at);
  copyPrice(prices, isClosed ? NONE : i, numbers, at + PRICE_NUMBERS);
  numbers[at + 8] = dividends?.[i] ?? 0;
  numbers[at + 9] = isClosed ? lot.exitValueE4 : NONE;
  numbers[at + 10] = isClosed || deltaE4 === null || Number.isNaN(deltaE4[i]) ? NONE : deltaE4[i]!;
}

/** The record behind the last session is the one of no price. */
function copyPrice(prices: Float64Array, i: number, numbers: Float64Array, at: number): void {
  const from = i === NONE ? prices.length - PRICE_NUMBERS : i * PRICE_NUMBERS;
  for (let field = 0; field < PRICE_NUMBERS; field++) numbers[at + field] = prices[from + field]!;
}

type PriceRecords = Readonly<{
  /** Per session four numbers: the price, the sessions since its close (of an option's mark, whether that is of the session), splits so far. */
  prices: Float64Array;
  /** Per session cash per share in units of 1e-8. */
  dividends: Float64Array | null;
}>;

/** Lots of one symbol share what is written of it. */
function pricesOfLots(axis: SessionAxis, lots: readonly BuiltLot[]): readonly PriceRecords[] {
  const ofSeries = new Map<PriceSeries, PriceRecords>();
  return lots.map(({ lot }) => {
    if (lot.pricing.by !== 'close') return { prices: priceRecords(axis, lot), dividends: null };
    const { series } = lot.pricing;
    const known = ofSeries.get(series) ?? { prices: priceRecords(axis, lot), dividends: dividendsE8(axis, series) };
    ofSeries.set(series, known);
    return known;
  });
}

function priceRecords(axis: SessionAxis, lot: Lot): Float64Array {
  const { pricing } = lot;
  const priceE6 = pricesOf(lot);
  const records = new Float64Array((axis.sessions.length + 1) * PRICE_NUMBERS).fill(NONE);
  for (let i = 0; i < axis.sessions.length; i++) {
    const price = priceE6?.[i] ?? Number.NaN;
    if (Number.isNaN(price)) continue;
    const { numerator, denominator } = pricing.by === 'close' ? splitRatioAt(pricing.series, i) : NO_SPLIT;
    const at = i * PRICE_NUMBERS;
    records[at] = price;
    records[at + 1] = ageAt(axis, lot, i);
    records[at + 2] = numerator;
    records[at + 3] = denominator;
  }
  return records;
}

function ageAt({ firstIndex }: SessionAxis, { pricing }: Lot, i: number): number {
  if (pricing.by === 'close') return firstIndex + i - pricing.series.closeIndex[i]!;
  return pricing.by === 'model' ? pricing.fresh[i]! : 0;
}

function dividendsE8({ sessions }: SessionAxis, { dividends }: PriceSeries): Float64Array {
  const sums = new Float64Array(sessions.length);
  for (const { index, amountE8 } of dividends) sums[index]! += Number(amountE8);
  return sums;
}
