// A folder of price files for the provider `files`, made from the histories beside the project, and the same closes in decimals.
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SHARED_DATA } from '../bench/checkout.js';
import { decimal } from './decimal.js';
import type { Series } from './independent-statistics.js';

const PRICES = path.join(SHARED_DATA, 'prices');

/** The tests of real prices are skipped without them, and say so. */
export function hasRealPrices(): boolean {
  if (existsSync(PRICES)) return true;
  console.warn(`SKIPPED: ${PRICES} is not there; set CLOSEBELL_SHARED_DATA to check figures on real prices`);
  return false;
}

/** By symbol its adjusted closes by date, as written: they are the closes, so that returns need no dividends. */
export type Histories = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Each symbol from the one file named: histories of different sources are adjusted to different days. */
export function readHistories(symbolsByFile: Readonly<Record<string, readonly string[]>>, to: string): Histories {
  const histories = new Map<string, Map<string, string>>();
  for (const [file, symbols] of Object.entries(symbolsByFile)) {
    for (const line of readFileSync(path.join(PRICES, file), 'utf8').trim().split('\n').slice(1)) {
      const [symbol = '', date = '', , , , , adjusted = ''] = line.split(',');
      if (!symbols.includes(symbol) || date > to || adjusted === '') continue;
      const history = histories.get(symbol) ?? new Map<string, string>();
      histories.set(symbol, history.set(date, adjusted));
    }
  }
  return histories;
}

export type PriceFolder = Readonly<{ directory: string; remove: () => Promise<void> }>;

export async function makePriceFolder(histories: Histories): Promise<PriceFolder> {
  const directory = await mkdtemp(path.join(tmpdir(), 'closebell-prices-'));
  const rows = [...histories].flatMap(([symbol, closes]) =>
    [...closes].map(([date, close]) => `${symbol},${date},,,,,${close},`),
  );
  const header = 'symbol,date,open,high,low,close,adj_close,volume';
  await writeFile(path.join(directory, 'prices.csv'), [header, ...rows, ''].join('\n'));
  return { directory, remove: () => rm(directory, { recursive: true }) };
}

/** The closes of these sessions; null where there is none. */
export function closesOf(histories: Histories, symbol: string, sessions: readonly string[]): Series {
  const history = histories.get(symbol);
  return sessions.map((session) => {
    const text = history?.get(session);
    return text === undefined ? null : decimal(text);
  });
}
