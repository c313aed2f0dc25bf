import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DailyBarsResult } from '@closebell/shared/market-data/provider';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { filesProvider } from './files.js';

const SHARED_DATA = process.env['CLOSEBELL_SHARED_DATA'] ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url));
const ALWAYS = { from: '1990-01-01', to: '2028-12-29' };
const TIDY = 'symbol,date,open,high,low,close,adj_close,volume';
const YAHOO = 'Date,Open,High,Low,Close,Adj Close,Volume';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'price-files-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe('the two forms', () => {
  test('a tidy file gives each of its symbols, oldest first, whatever the order of rows and columns', async () => {
    await save('mixed.csv', 'Close,SYMBOL,Volume,date', '11,AAA,200,2024-01-03', '10,aaa,100,2024-01-02', '20,BBB,,2024-01-02');
    const result = await ask('AAA');
    expect(bars(result)).toEqual([
      { symbol: 'AAA', sessionDate: '2024-01-02', open: null, high: null, low: null, close: 10, volume: 100n },
      { symbol: 'AAA', sessionDate: '2024-01-03', open: null, high: null, low: null, close: 11, volume: 200n },
    ]);
    expect(bars(await ask('BBB'))[0]?.volume).toBeNull();
  });

  test("a symbol's own download is known by its file name", async () => {
    await save('abc.csv', YAHOO, '2024-01-02,9,11,8,10,10,5000000000');
    expect(bars(await ask('ABC'))).toEqual([
      { symbol: 'ABC', sessionDate: '2024-01-02', open: 9, high: 11, low: 8, close: 10, volume: 5_000_000_000n },
    ]);
  });

  test('a byte order mark, CRLF and times of day beside the dates do no harm', async () => {
    await writeFile(join(directory, 'ABC.csv'), `\uFEFF${YAHOO}\r\n2024-01-02 00:00:00-05:00,9,11,8,10,10,1\r\n`);
    expect(bars(await ask('ABC')).map(({ sessionDate }) => sessionDate)).toEqual(['2024-01-02']);
  });

  test('BRK.B, BRK-B and BRK/B are one security, and the answer bears the name asked for', async () => {
    await save('BRK-B.csv', YAHOO, '2024-01-02,9,11,8,10,10,1');
    for (const symbol of ['BRK.B', 'BRK-B', 'BRK/B']) expect(bars(await ask(symbol))[0]?.symbol).toBe(symbol);
  });

  test('only bars and actions inside the range are given', async () => {
    await save(
      'AAA.csv',
      `${YAHOO},Dividends`,
      '2024-01-02,,,,10,,,',
      '2024-01-03,,,,10,,,0.5',
      '2024-01-04,,,,10,,,',
      '2024-01-05,,,,10,,,0.6',
    );
    const result = await ask('AAA', { from: '2024-01-03', to: '2024-01-04' });
    expect(bars(result).map(({ sessionDate }) => sessionDate)).toEqual(['2024-01-03', '2024-01-04']);
    expect(actions(result)).toEqual([{ type: 'dividend', symbol: 'AAA', exDate: '2024-01-03', amount: 0.5 }]);
  });
});

describe('raw closes', () => {
  test('split-adjusted prices are brought back to what was traded, volume and dividends too', async () => {
    await save(
      'AAA.csv',
      `${YAHOO},Dividends,Stock Splits`,
      '2024-01-02,24,26,23,25,24.5,400,0.1,0',
      '2024-01-03,25,27,24,26,25.6,800,0,4',
      '2024-01-04,12.5,13.5,12,13,13,1000,0.2,2:1',
    );
    const result = await ask('AAA');
    expect(bars(result)).toEqual([
      { symbol: 'AAA', sessionDate: '2024-01-02', open: 192, high: 208, low: 184, close: 200, volume: 50n },
      { symbol: 'AAA', sessionDate: '2024-01-03', open: 50, high: 54, low: 48, close: 52, volume: 400n },
      { symbol: 'AAA', sessionDate: '2024-01-04', open: 12.5, high: 13.5, low: 12, close: 13, volume: 1000n },
    ]);
    expect(actions(result)).toEqual([
      { type: 'dividend', symbol: 'AAA', exDate: '2024-01-02', amount: 0.8 },
      { type: 'split', symbol: 'AAA', exDate: '2024-01-03', numerator: 4, denominator: 1 },
      { type: 'split', symbol: 'AAA', exDate: '2024-01-04', numerator: 2, denominator: 1 },
      { type: 'dividend', symbol: 'AAA', exDate: '2024-01-04', amount: 0.4 },
    ]);
  });

  test('without a splits column closes are raw, and the actions come from the adjusted closes', async () => {
    await save(
      'AAA.csv',
      YAHOO,
      '2024-01-02,,,,100,49.5,',
      '2024-01-03,,,,100,49.5,',
      '2024-01-04,,,,50,50,',
      '2024-01-05,,,,50,50,',
    );
    const result = await ask('AAA');
    expect(bars(result).map(({ close }) => close)).toEqual([100, 100, 50, 50]);
    expect(actions(result)).toEqual([
      { type: 'split', symbol: 'AAA', exDate: '2024-01-04', numerator: 2, denominator: 1 },
      { type: 'dividend', symbol: 'AAA', exDate: '2024-01-04', amount: 1 },
    ]);
  });

  test('adjusted closes alone are the closes, and there are no actions', async () => {
    await save('a.csv', TIDY, 'AAA,2024-01-02,9,9,9,,4.5,', 'AAA,2024-01-03,9,9,9,,4.6,');
    const result = await ask('AAA');
    expect(bars(result).map(({ close, open }) => [close, open])).toEqual([
      [4.5, null],
      [4.6, null],
    ]);
    expect(actions(result)).toEqual([]);
  });

  test('a row without a positive close is left out with a warning, never a price of zero', async () => {
    await save('AAA.csv', YAHOO, '2024-01-02,,,,10,10,', '2024-01-03,,,,0,0,', '2024-01-04,,,,-1,10,', '2024-01-05,,,,null,10,');
    const result = await ask('AAA');
    expect(bars(result).map(({ close }) => close)).toEqual([10]);
    expect(warnings(result)).toHaveLength(3);
    expect(warnings(result)[0]).toContain('2024-01-03');
  });

  test('of two rows of one date the first is kept, with a warning', async () => {
    await save('AAA.csv', YAHOO, '2024-01-02,,,,10,,', '2024-01-02,,,,11,,');
    const result = await ask('AAA');
    expect(bars(result).map(({ close }) => close)).toEqual([10]);
    expect(warnings(result)).toHaveLength(1);
  });
});

describe('several files', () => {
  test('the history that ends latest is taken whole, nothing of the other', async () => {
    await save('a.csv', TIDY, 'AAA,2024-01-02,,,,10,,', 'AAA,2024-01-03,,,,11,,');
    await save('b.csv', TIDY, 'AAA,2024-01-03,,,,99,,', 'AAA,2024-01-04,,,,100,,');
    expect(bars(await ask('AAA')).map(({ close }) => close)).toEqual([99, 100]);
  });

  test('of two that end alike the raw one is taken, else the first by file name', async () => {
    await save('a.csv', TIDY, 'AAA,2024-01-02,,,,,1,', 'BBB,2024-01-02,,,,3,,');
    await save('b.csv', TIDY, 'AAA,2024-01-02,,,,2,,', 'BBB,2024-01-02,,,,4,,');
    expect(bars(await ask('AAA'))[0]?.close).toBe(2);
    expect(bars(await ask('BBB'))[0]?.close).toBe(3);
  });

  test('a file that cannot be used is named where it may have had the symbol; the others go on', async () => {
    await save('good.csv', TIDY, 'AAA,2024-01-02,,,,10,,');
    await save('odd.csv', 'when,price', '2024-01-02,10');
    await save('notes.txt', 'not a price file');
    expect((await ask('AAA')).status).toBe('ok');
    expect(warnings(await ask('AAA')).join()).toContain('odd.csv');
    const result = await ask('BBB');
    expect(result).toMatchObject({ status: 'unavailable', reason: expect.stringContaining('odd.csv') });
    expect(result).not.toMatchObject({ reason: expect.stringContaining('notes.txt') });
  });

  test('a missing folder is unavailable and named; a symbol of no file is unknown; a known one without bars has no data', async () => {
    const missing = join(directory, 'missing');
    const lost = await filesProvider({ directory: missing }).dailyBars('AAA', ALWAYS, new AbortController().signal);
    expect(lost).toMatchObject({ status: 'unavailable', reason: expect.stringContaining(missing) });
    await save('AAA.csv', YAHOO, '2024-01-02,,,,10,10,');
    expect((await ask('BBB')).status).toBe('unknown_symbol');
    expect((await ask('AAA', { from: '2025-01-02', to: '2025-01-31' })).status).toBe('no_data');
  });

  test('a changed file is read again', async () => {
    const provider = filesProvider({ directory, recheckMs: 0 });
    const { signal } = new AbortController();
    await save('AAA.csv', YAHOO, '2024-01-02,,,,10,10,');
    expect(bars(await provider.dailyBars('AAA', ALWAYS, signal))).toHaveLength(1);
    await save('AAA.csv', YAHOO, '2024-01-02,,,,10,10,', '2024-01-03,,,,11,11,');
    await utimes(join(directory, 'AAA.csv'), 1, 1);
    expect(bars(await provider.dailyBars('AAA', ALWAYS, signal))).toHaveLength(2);
  });
});

describe('published histories', () => {
  test('210,000 rows load in about two seconds without holding the event loop', async (ctx) => {
    const prices = join(SHARED_DATA, 'prices');
    if (!existsSync(prices)) {
      console.warn(`SKIPPED: price histories not found at ${prices}; set CLOSEBELL_SHARED_DATA`);
      ctx.skip('price histories absent');
    }
    let longestMs = 0;
    let lastMs = performance.now();
    const pulse = setInterval(() => {
      longestMs = Math.max(longestMs, performance.now() - lastMs);
      lastMs = performance.now();
    }, 5);
    const startMs = performance.now();
    const result = await filesProvider({ directory: prices }).dailyBars('IVV', ALWAYS, new AbortController().signal);
    const tookMs = performance.now() - startMs;
    clearInterval(pulse);
    expect(bars(result).at(-1)?.sessionDate).toBe('2024-04-19');
    expect(actions(result).length).toBeGreaterThan(40);
    // Generous for slow machines that run other tests beside; on a plain laptop both are a tenth of it.
    expect(tookMs).toBeLessThan(10_000);
    expect(longestMs).toBeLessThan(1_000);
  });
});

function save(name: string, ...lines: readonly string[]): Promise<void> {
  return writeFile(join(directory, name), `${lines.join('\n')}\n`);
}

function ask(symbol: string, range = ALWAYS): Promise<DailyBarsResult> {
  return filesProvider({ directory }).dailyBars(symbol, range, new AbortController().signal);
}

function bars(result: DailyBarsResult) {
  return okay(result).bars;
}

function actions(result: DailyBarsResult) {
  return okay(result).actions;
}

function warnings(result: DailyBarsResult) {
  return okay(result).warnings;
}

function okay(result: DailyBarsResult) {
  if (result.status !== 'ok') throw new Error(`${result.status}: ${result.reason}`);
  return result;
}
