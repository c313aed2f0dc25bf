import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DailyBarsResult, MarketDataProvider, SessionRange } from '@closebell/shared/market-data/provider';
import { yahooProvider } from '@closebell/worker/market-data/yahoo';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../support/programs.js';
import { describeProviderConformance } from './conformance.js';
import { describeFaults, json } from './faults.js';
import type { Failure } from './stand-in.js';
import { BARS, calm, cents, fault, NOW, RANGE, SECURITIES } from './yahoo-market.js';
import { openOf } from './yahoo-securities.js';
import { CRUMB, startYahooStandIn, type YahooStandIn } from './yahoo-stand-in.js';

const HASTY_MS = 150;

let standIn: YahooStandIn;
beforeAll(async () => {
  standIn = await startYahooStandIn(SECURITIES);
});
afterEach(() => standIn.failWith(null));
afterAll(() => standIn.close());

describeProviderConformance({
  name: 'yahoo',
  create: () => Promise.resolve(yahoo()),
  symbol: 'ACME',
  range: RANGE,
  unknownSymbol: 'NOBODY',
});

describeFaults({
  standIn: () => ({ ...standIn, failWith: (failure) => standIn.failWith(failure, '/finance/') }),
  create: (timeoutMs) => yahoo({ timeoutMs }),
  apiKey: CRUMB,
  questions: {
    quotes: (provider, signal) => provider.quotes?.(['ACME'], signal),
    profile: (provider, signal) => provider.profile?.('ACME', signal),
  },
});

describe('a chart asked of a server in trouble', () => {
  test.each<readonly [string, Failure, object]>([
    [
      '429 with Retry-After',
      (response) => response.writeHead(429, { 'retry-after': '2' }).end('Too Many Requests'),
      { status: 'rate_limited', retryAfterMs: 2_000 },
    ],
    ['401', json(401, {}), { status: 'unauthorized' }],
    ['500', json(500, {}), { status: 'unavailable' }],
    ['half a JSON', (response) => response.end('{"chart":{"result":[{"meta":'), { status: 'garbage' }],
    ['HTML', (response) => response.end('<!doctype html><title>Hello</title>'), { status: 'garbage' }],
    ['a 404 by somebody on the way', (response) => response.writeHead(404).end('<html>'), { status: 'unavailable' }],
    ['a chart without its parts', chartLike({}), { status: 'garbage' }],
    ['text where objects belong', chartLike({ meta: 'fine', indicators: 'none' }), { status: 'garbage' }],
    ['numbers where texts belong', chartLike({ meta: { symbol: 5 }, indicators: {} }), { status: 'garbage' }],
    [
      'a fault nobody knows',
      json(422, fault('Unprocessable', 'invalid interval')),
      { status: 'garbage', reason: 'Yahoo answered 422: invalid interval' },
    ],
  ])('%s', async (_, failure, expected) => {
    standIn.failWith(failure);
    expect(await bars('ACME')).toMatchObject({ symbol: 'ACME', reason: expect.stringMatching(/./), ...expected });
  });

  test('silence is unavailable once the time is up', async () => {
    standIn.failWith(() => {});
    const result = await bars('ACME', RANGE, yahoo({ timeoutMs: HASTY_MS }));
    expect(result).toMatchObject({ status: 'unavailable', reason: `Yahoo did not answer within ${HASTY_MS} ms` });
  });

  test('the chart of another symbol is not taken for the one asked for', async () => {
    const other = await (await fetch(`${standIn.url}/v8/finance/chart/BRK-B?period1=0&period2=${openOf('2025-06-02')}`)).json();
    standIn.failWith(json(200, other));
    expect(await bars('ACME')).toEqual({ status: 'garbage', symbol: 'ACME', reason: 'Yahoo answered the chart of BRK-B' });
  });

  test('delisted, as Yahoo says of everything it does not know, is unknown', async () => {
    expect(await bars('GONE')).toMatchObject({ status: 'unknown_symbol', reason: expect.stringContaining('delisted') });
  });

  test('known but without data in the range is no data, whether Yahoo says so or answers other days', async () => {
    expect(await bars('BRK.B', { from: '2025-04-15', to: '2025-04-30' })).toMatchObject({ status: 'no_data', symbol: 'BRK.B' });
    expect(await bars('BRK.B', { from: '2025-04-01', to: '2025-04-30' })).toMatchObject({ status: 'no_data', symbol: 'BRK.B' });
  });
});

describe('prices as traded', () => {
  test('splits in the range and after it are undone, to the cent and to the share', async () => {
    const expected = BARS.filter(({ date }) => date >= RANGE.from && date <= RANGE.to);
    const { bars: got } = okay(await bars('ACME'));
    expect(got.map(({ sessionDate, close, volume }) => ({ date: sessionDate, close, volume: Number(volume) }))).toEqual(expected);
    for (const { open, high, low, close } of got)
      expect([open, high, low]).toEqual([close + 0.25, close + 1, close - 1].map(cents));
  });

  test('dividends are those paid then, and only the actions of the range are told', async () => {
    expect(okay(await bars('ACME')).actions).toEqual([
      { type: 'dividend', symbol: 'ACME', exDate: '2025-01-15', amount: 0.96 },
      { type: 'split', symbol: 'ACME', exDate: '2025-02-18', numerator: 4, denominator: 1 },
      { type: 'dividend', symbol: 'ACME', exDate: '2025-03-03', amount: 0.24 },
    ]);
  });

  test('a split of today is undone although today has no bar yet', async () => {
    const { bars: got, actions } = okay(await bars('TODAY', { from: '2025-05-27', to: '2025-06-02' }));
    expect(got.map(({ sessionDate, close }) => [sessionDate, close])).toEqual(
      BARS.filter(({ date }) => date >= '2025-05-27' && date <= '2025-05-30').map(({ date, close }) => [date, close]),
    );
    expect(actions).toEqual([]);
  });

  test('a spin-off, which Yahoo lists as a split, leaves the shares alone and is told as a dividend beside the cash of its day', async () => {
    const { bars: got, actions, warnings } = okay(await bars('SPUN'));
    const before = SECURITIES[4]?.bars.find(({ date }) => date === '2024-12-31')?.close ?? 0;
    expect(got[0]?.close).toBe(SECURITIES[4]?.bars.find(({ date }) => date === '2025-01-02')?.close);
    expect(actions).toEqual([
      { type: 'dividend', symbol: 'SPUN', exDate: '2025-01-02', amount: expect.closeTo(before * (1 - 1 / 1.281) + 0.08, 4) },
    ]);
    expect(warnings).toEqual([expect.stringContaining('spin-off')]);
  });
});

describe('sessions', () => {
  test('bars bear the New York date on both sides of a change of clocks', async () => {
    for (const [before, after] of [
      ['2025-03-07', '2025-03-10'],
      ['2024-11-01', '2024-11-04'],
    ] as const) {
      expect(openOf(after) - openOf(before)).not.toBe(3 * 86_400);
      const { bars: got } = okay(await bars('ACME', { from: before, to: after }));
      expect(got.map(({ sessionDate }) => sessionDate)).toEqual([before, after]);
    }
  });

  test('a session has no bar until it is complete', async () => {
    const range = { from: '2025-05-30', to: '2025-06-02' };
    const at = async (now: string) => okay(await bars('ACME', range, yahoo({ now: () => new Date(now) }))).bars.length;
    expect(await at('2025-06-02T20:29:59Z')).toBe(1);
    expect(await at('2025-06-02T20:30:00Z')).toBe(2);
    expect(await bars('ACME', { from: '2025-06-02', to: '2025-06-02' })).toMatchObject({ status: 'no_data' });
  });

  test('a hole is left out, and the split of its day is undone all the same', async () => {
    const { bars: got, actions } = okay(await bars('HOLE', { from: '2025-01-14', to: '2025-01-16' }));
    const traded = BARS.filter(({ date }) => date === '2025-01-14' || date === '2025-01-16');
    expect(got.map(({ sessionDate, close }) => [sessionDate, close])).toEqual(traded.map(({ date, close }) => [date, close]));
    expect(actions).toMatchObject([{ type: 'split', exDate: '2025-01-15' }]);
  });
});

describe('symbols', () => {
  test.each([
    ['BRK.B', '/v8/finance/chart/BRK-B'],
    ['^GSPC', '/v8/finance/chart/%5EGSPC'],
    ['VOD.L', '/v8/finance/chart/VOD.L'],
  ])('%s is asked for as Yahoo spells it and answered as we do', async (symbol, path) => {
    const before = standIn.countOf(path);
    expect(okay(await bars(symbol)).bars[0]?.symbol).toBe(symbol);
    expect(standIn.countOf(path)).toBe(before + 1);
  });

  test.each(['AAPL250620C00200000', 'UNKNOWN_CO', 'Acme Garage', '../quote', 'A?B'])('%s is never asked for', async (symbol) => {
    const before = standIn.asked.length;
    const provider = yahoo();
    expect(await bars(symbol, RANGE, provider)).toMatchObject({ status: 'unknown_symbol', symbol });
    expect(await provider.profile?.(symbol, calm())).toMatchObject({ status: 'unknown_symbol' });
    expect(await provider.quotes?.([symbol], calm())).toEqual({ status: 'ok', value: [] });
    expect(standIn.asked.length).toBe(before);
  });

  test('two symbols asked at once get each its own', async () => {
    const [acme, berkshire] = await Promise.all([bars('ACME'), bars('BRK.B')]);
    expect([acme, berkshire]).toEqual([await bars('ACME'), await bars('BRK.B')]);
    expect(okay(berkshire).bars[0]).toMatchObject({ symbol: 'BRK.B', close: 455.2 });
  });
});

test('nothing is printed and nothing is written, whatever Yahoo answers', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'yahoo-'));
  const garbled = await startYahooStandIn([]);
  garbled.failWith(chartLike({ meta: 'fine', events: 7, indicators: null }), '/chart/');
  const program = `
    const { yahooProvider } = await import(${JSON.stringify(new URL('worker/dist/market-data/yahoo.js', `file://${ROOT}`).href)});
    const range = ${JSON.stringify(RANGE)};
    const { signal } = new AbortController();
    for (const baseUrl of ${JSON.stringify([standIn.url, garbled.url])}) {
      const yahoo = yahooProvider({ baseUrl });
      for (const symbol of ['ACME', 'NOBODY']) {
        await yahoo.dailyBars(symbol, range, signal);
        await yahoo.profile(symbol, signal);
        await yahoo.quotes([symbol], signal);
        await yahoo.search(symbol, signal);
      }
    }
    process.exitCode = 7;`;
  expect(await run(program, folder)).toEqual({ exitCode: 7, printed: '' });
  expect(await readdir(folder)).toEqual([]);
  await garbled.close();
  await rm(folder, { recursive: true });
});

function yahoo(options: Readonly<{ timeoutMs?: number; now?: () => Date }> = {}): MarketDataProvider {
  return yahooProvider({ baseUrl: standIn.url, now: () => NOW, ...options });
}

function bars(symbol: string, range: SessionRange = RANGE, provider = yahoo()): Promise<DailyBarsResult> {
  return provider.dailyBars(symbol, range, calm());
}

function okay(result: DailyBarsResult) {
  if (result.status !== 'ok') throw new Error(`${result.status}: ${result.reason}`);
  return result;
}

function chartLike(result: unknown): Failure {
  return json(200, { chart: { result: [result], error: null } });
}

/** Runs a program whose every folder is the one given; `printed`: on either stream. */
async function run(program: string, folder: string): Promise<Readonly<{ exitCode: number | null; printed: string }>> {
  const env = { PATH: process.env['PATH'], HOME: folder, TMPDIR: folder, XDG_CACHE_HOME: folder };
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { cwd: folder, env });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (printed += String(chunk)));
  const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { exitCode, printed };
}
