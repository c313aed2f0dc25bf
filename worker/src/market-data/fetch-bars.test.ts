import type { CorporateAction, DailyBarsResult, MarketDataProvider, OhlcvBar } from '@closebell/shared/market-data/provider';
import { describe, expect, test } from 'vitest';
import type { KnownPrices } from './bar-inquiry.js';
import { fetchDailyBars, NOTHING_KNOWN, quarantineReasons } from './fetch-bars.js';

// A Tuesday to the Friday of the next week.
const SESSIONS = [2, 3, 4, 5, 8, 9, 10, 11, 12].map((day) => `2024-01-${String(day).padStart(2, '0')}`);
const RANGE = { from: SESSIONS[0]!, to: SESSIONS.at(-1)! };
const STORED = { sessionDate: '2023-12-29', close: 100 };

describe('the order of providers', () => {
  test('the first ok wins, those after it are not asked, and every attempt keeps its reason', async () => {
    const result = await fetch([refusing('a', 'unavailable', 'down'), closes('b', [100, 101]), mustNotBeAsked()]);
    expect(result).toMatchObject({
      status: 'ok',
      answers: [{ provider: 'b' }],
      attempts: [
        { provider: 'a', status: 'unavailable', reason: 'down' },
        { provider: 'b', status: 'ok', reason: null },
      ],
    });
  });

  test('a provider without a sound bar sent garbage, its bars are quarantined, and the next is asked', async () => {
    const result = await fetch([answering('a', [bar(0, 0)]), closes('b', [100, 101])]);
    expect(taken(result)).toEqual({ b: [100, 101] });
    expect(result.quarantined).toMatchObject([{ provider: 'a', sessionDate: SESSIONS[0], reason: 'close 0 is no price' }]);
    expect(result.attempts[0]).toMatchObject({ status: 'garbage', reason: expect.stringContaining('close 0 is no price') });
  });

  test('bars that nobody has sound are quarantined also when there is nothing else', async () => {
    const result = await fetch([answering('a', [bar(0, 0)]), refusing('b', 'no_data', 'nothing')]);
    expect(result).toMatchObject({ status: 'unavailable', quarantined: [{ provider: 'a' }] });
  });

  test.each([
    [['unknown_symbol', 'unavailable', 'no_data'], 'unavailable'],
    [['unknown_symbol', 'no_data'], 'no_data'],
    [['unknown_symbol'], 'unknown_symbol'],
    [['rate_limited', 'unknown_symbol'], 'unavailable'],
    [['garbage', 'no_data'], 'unavailable'],
    [['unauthorized', 'unknown_symbol'], 'unknown_symbol'],
    [['unauthorized'], 'unavailable'],
  ] as const)('of %j the most hopeful is %s', async (statuses, expected) => {
    const result = await fetch(statuses.map((status, i) => refusing(`p${i}`, status, 'why')));
    expect(result.status).toBe(expected);
    expect(result.attempts).toHaveLength(statuses.length);
  });

  test('an aborted signal ends the asking with its reason', async () => {
    const controller = new AbortController();
    const first = provider('a', (symbol) => {
      controller.abort(new Error('stopped'));
      return Promise.resolve({ status: 'unavailable', symbol, reason: 'down' });
    });
    const asked = fetchDailyBars(over([first, closes('b', [100])]), 'AAA', RANGE, controller.signal);
    await expect(asked).rejects.toThrow('stopped');
  });
});

describe('a bar that can not be', () => {
  test('is of the next provider that has a good one, which is asked for those sessions only', async () => {
    const asked: string[] = [];
    const second = noting(asked, closes('b', [100.4, 101.4, 102.4, 103.4, 104.4]));
    const result = await fetch([answering('a', [bar(0, 100), bar(1, -1), bar(2, 102), bar(3, 0), bar(4, 104)]), second]);
    expect(taken(result)).toEqual({ a: [100, 102, 104], b: [101.4, 103.4] });
    expect(asked).toEqual([`b ${SESSIONS[1]}..${SESSIONS[3]}`]);
    expect(result.warnings).toEqual([
      expect.stringContaining(`AAA ${SESSIONS[1]}: the bar of a is held back, close -1 is no price; b is used instead`),
      expect.stringContaining('b is used instead'),
    ]);
  });

  test('is asked of one after the other until somebody has a good one', async () => {
    const asked: string[] = [];
    const bad = noting(asked, answering('b', [bar(1, 0)]));
    const unknowing = noting(asked, refusing('c', 'no_data', 'nothing'));
    const good = noting(asked, closes('d', [100, 101, 102]));
    const result = await fetch([answering('a', [bar(0, 100), bar(1, -1), bar(2, 102)]), bad, unknowing, good, mustNotBeAsked()]);
    expect(taken(result)).toEqual({ a: [100, 102], d: [101] });
    expect(asked).toEqual(['b', 'c', 'd'].map((name) => `${name} ${SESSIONS[1]}..${SESSIONS[1]}`));
  });

  test('may be of another provider for each session', async () => {
    const second = answering('b', [bar(1, 101), bar(2, 102), bar(3, 0)]);
    const first = answering('a', [bar(0, 100), bar(1, -1), bar(2, 102), bar(3, 0), bar(4, 104)]);
    expect(taken(await fetch([first, second, closes('c', [1, 2, 3, 103])]))).toEqual({ a: [100, 102, 104], b: [101], c: [103] });
  });

  test('stays missing, with what each provider gave, when nobody has a good one', async () => {
    const wrong = { ...bar(1, 101), high: 90, low: 80 };
    const result = await fetch([answering('a', [bar(0, 100), wrong]), answering('b', [bar(0, 100), bar(1, 0)])]);
    expect(taken(result)).toEqual({ a: [100] });
    expect(quarantineReasons(result.quarantined)).toEqual(
      new Map([[SESSIONS[1], 'quarantined: close 101 is above high 90 (a); close 0 is no price (b)']]),
    );
  });

  test('of a day without a session is quarantined, and asked of nobody else', async () => {
    const saturday = { ...bar(0, 100), sessionDate: '2024-01-06' };
    const result = await fetch([answering('a', [bar(0, 100), saturday]), mustNotBeAsked()]);
    expect(result.quarantined).toMatchObject([{ sessionDate: '2024-01-06', reason: 'the exchange was closed' }]);
  });

  test('outside the range, or said twice, is warned of and not kept', async () => {
    const late = { ...bar(0, 100), sessionDate: '2024-02-01' };
    const result = await fetch([answering('a', [bar(0, 100), bar(0, 100), late]), mustNotBeAsked()]);
    expect(result.quarantined).toEqual([]);
    expect(result.warnings).toEqual([expect.stringContaining('AAA: 2 bars outside the range')]);
  });

  test('in any number makes a few warnings', async () => {
    const result = await fetch([answering('a', [bar(0, 100), ...SESSIONS.slice(1).map((_, i) => bar(i + 1, 0))])]);
    expect(result.quarantined).toHaveLength(8);
    expect(result.warnings).toHaveLength(6);
    expect(result.warnings[5]).toContain('3 more');
  });
});

describe('a jump', () => {
  test('is asked of one other provider, over the same range', async () => {
    const asked: string[] = [];
    const result = await fetch([
      noting(asked, closes('a', [100, 50, 51])),
      noting(asked, closes('b', [100, 50, 51])),
      mustNotBeAsked(),
    ]);
    expect(taken(result)).toEqual({ a: [100, 50, 51] });
    expect(result.quarantined).toEqual([]);
    expect(asked).toEqual([`a ${RANGE.from}..${RANGE.to}`, `b ${RANGE.from}..${RANGE.to}`]);
  });

  test('is believed when the other has the same close within half a percent, and not beyond', async () => {
    const against = async (other: number) => taken(await fetch([closes('a', [100, 50]), closes('b', [100, other])]));
    expect(await against(50.2)).toEqual({ a: [100, 50] });
    expect(await against(50.3)).toEqual({ a: [100] });
  });

  test('that the other has not gives way to it, and its bars are used for the whole answer', async () => {
    const result = await fetch([closes('a', [100, 50, 51]), closes('b', [100.1, 101.1, 102.1])]);
    expect(taken(result)).toEqual({ b: [100.1, 101.1, 102.1] });
    expect(result.quarantined.map(({ provider, close }) => [provider, close])).toEqual([
      ['a', 50],
      ['a', 51],
    ]);
    expect(result.warnings).toEqual([expect.stringContaining('b is used instead')]);
  });

  test('of which the other knows the split gives way to it, split and all, and nothing is quarantined', async () => {
    const split = { type: 'split', symbol: 'AAA', exDate: SESSIONS[1]!, numerator: 2, denominator: 1 } as const;
    const result = await fetch([closes('a', [100, 50]), closes('b', [100, 50], [split])]);
    expect(result).toMatchObject({ answers: [{ provider: 'b', actions: [split] }], quarantined: [] });
  });

  test('is not refuted by one that could not have seen it: its history begins with the sessions in doubt', async () => {
    const short = answering('b', [bar(2, 102), bar(3, 103)]);
    const result = await fetch([closes('a', [100, 101, 51, 52]), short]);
    expect(taken(result)).toEqual({ a: [100, 101] });
  });

  test('is confirmed by one whose history begins with it, unless that knows of a split', async () => {
    const first = closes('a', [100, 101, 51, 52]);
    const bars = [bar(2, 51), bar(3, 52)];
    expect(taken(await fetch([first, answering('b', bars)]))).toEqual({ a: [100, 101, 51, 52] });
    const split = { type: 'split', symbol: 'AAA', exDate: SESSIONS[2]!, numerator: 2, denominator: 1 } as const;
    expect(taken(await fetch([first, answering('b', bars, [split])]))).toEqual({ a: [100, 101] });
  });

  test('is refuted by one whose history is shorter, which leaves the older sessions to the first', async () => {
    const short = answering('b', [bar(1, 101), bar(2, 102), bar(3, 103)]);
    const result = await fetch([closes('a', [100, 101, 51, 52]), short]);
    expect(taken(result)).toEqual({ b: [101, 102, 103], a: [100] });
  });

  test('that nobody else can judge is held back with all that follows, and told of once', async () => {
    const result = await fetch([closes('a', [100, 50, 51, 52]), refusing('b', 'unavailable', 'down')]);
    expect(taken(result)).toEqual({ a: [100] });
    expect(result.quarantined.map(({ close }) => close)).toEqual([50, 51, 52]);
    expect(result.warnings).toEqual([
      expect.stringMatching(/^AAA 2024-01-03: the bar of a is held back, close 50 is 0\.500 times that of 2024-01-02 \(100\)/),
    ]);
  });

  test('from the stored close is one as well, and leaves an answer without bars', async () => {
    const known = { ...NOTHING_KNOWN, previous: STORED };
    const result = await fetch([closes('a', [50])], known);
    expect(result).toMatchObject({ status: 'ok', answers: [{ provider: 'a', bars: [] }], quarantined: [{ close: 50 }] });
    expect(taken(await fetch([closes('a', [50]), closes('b', [101])], known))).toEqual({ b: [101] });
  });

  test('is none where a stored split explains it, and the stored split counts where another is given', async () => {
    const stored = { ...NOTHING_KNOWN, previous: STORED, splits: [{ exDate: SESSIONS[0]!, ratio: 2 }] };
    expect(taken(await fetch([closes('a', [50]), mustNotBeAsked()], stored))).toEqual({ a: [50] });
    const other = { type: 'split', symbol: 'AAA', exDate: SESSIONS[0]!, numerator: 4, denominator: 1 } as const;
    expect(taken(await fetch([closes('a', [25], [other])], stored))).toEqual({ a: [] });
  });

  test('is none once an admin accepted that bar of that provider, with that close', async () => {
    const accepted = (provider: string, close: number): KnownPrices => ({
      ...NOTHING_KNOWN,
      accepted: [{ sessionDate: SESSIONS[1]!, provider, close }],
    });
    expect(taken(await fetch([closes('a', [100, 50, 51])], accepted('a', 50.001)))).toEqual({ a: [100, 50, 51] });
    expect(taken(await fetch([closes('a', [100, 50, 51])], accepted('a', 49.9)))).toEqual({ a: [100] });
    expect(taken(await fetch([closes('a', [100, 50, 51])], accepted('b', 50)))).toEqual({ a: [100] });
  });
});

describe('sessions that are checked again', () => {
  const [wanted, ...later] = SESSIONS.slice(4);
  const range = { from: wanted!, to: later.at(-1)! };
  /** The first session is only what the answer is judged by; the three after it are asked for again. */
  const known = (closesKnown: readonly number[]): KnownPrices => ({
    ...NOTHING_KNOWN,
    previous: { sessionDate: SESSIONS[0]!, close: 100 },
    recheck: { from: SESSIONS[1]!, closes: closesKnown.map((close, i) => ({ sessionDate: SESSIONS[i + 1]!, close })) },
  });
  const ask = (providers: readonly MarketDataProvider[], stored: readonly number[]) =>
    fetchDailyBars(over(providers), 'AAA', range, new AbortController().signal, known(stored));

  test('come with the answer, corrections and actions and all', async () => {
    const asked: string[] = [];
    const paid = { type: 'dividend', symbol: 'AAA', exDate: SESSIONS[2]!, amount: 0.2 } as const;
    const result = await ask(
      [noting(asked, closes('a', [100, 101, 102.5, 103, 104], [paid])), mustNotBeAsked()],
      [101, 102, 103],
    );
    expect(asked).toEqual([`a ${SESSIONS[1]}..${range.to}`]);
    expect(taken(result)).toEqual({ a: [101, 102.5, 103, 104] });
    expect(result).toMatchObject({ answers: [{ actions: [paid] }], warnings: [] });
  });

  test('alone are no answer: the next provider is asked for those wanted', async () => {
    const result = await ask([closes('a', [100, 101, 102, 103]), closes('b', [100, 101, 102, 103, 104])], [101, 102, 103]);
    expect(taken(result)).toMatchObject({ b: [101, 102, 103, 104] });
    expect(result.attempts[0]).toMatchObject({
      status: 'no_data',
      reason: `a has no bar of AAA from ${range.from} to ${range.to}`,
    });
  });

  test('whose bars are wrong this time are quarantined, and nobody else is asked or told', async () => {
    const spoilt = answering('a', [bar(1, 101), bar(2, 0), bar(3, 50), bar(4, 104)]);
    const result = await ask([spoilt, mustNotBeAsked()], [101, 102, 103]);
    expect(taken(result)).toEqual({ a: [101, 104] });
    expect(result.quarantined.map(({ close }) => close)).toEqual([0, 50]);
    expect(result.warnings).toEqual([]);
  });

  test('with a jump that was believed once are believed again', async () => {
    expect(taken(await ask([closes('a', [100, 101, 50, 51, 52]), mustNotBeAsked()], [101, 50, 51]))).toEqual({
      a: [101, 50, 51, 52],
    });
  });

  test('tell an answer on another basis, however small the step: it is refused, and the next one asked', async () => {
    const adjusted = closes('a', [80, 80.8, 81.6, 82.4, 83.2]);
    const result = await ask([adjusted, closes('b', [100, 101.2, 102.2, 103.2, 104])], [101, 102, 103]);
    expect(taken(result)).toEqual({ b: [101.2, 102.2, 103.2, 104] });
    expect(result.attempts[0]).toMatchObject({ status: 'garbage', reason: expect.stringContaining('0.800 times') });
  });
});

test('actions outside the range or without a positive amount are left out with a warning', async () => {
  const paid = { type: 'dividend', symbol: 'AAA', exDate: '2024-01-03', amount: 0.2 } as const;
  const actions: readonly CorporateAction[] = [paid, { ...paid, amount: -1 }, { ...paid, exDate: '2025-01-03' }];
  const result = await fetch([closes('a', [100], actions)]);
  expect(result).toMatchObject({ answers: [{ actions: [paid] }], warnings: [expect.stringContaining('2 impossible')] });
});

type Fetched = Awaited<ReturnType<typeof fetch>>;

function fetch(providers: readonly MarketDataProvider[], known = NOTHING_KNOWN) {
  return fetchDailyBars(over(providers), 'AAA', RANGE, new AbortController().signal, known);
}

/** The closes taken, by provider. */
function taken(result: Fetched): Readonly<Record<string, readonly number[]>> {
  if (result.status !== 'ok') throw new Error(result.status);
  return Object.fromEntries(result.answers.map(({ provider: name, bars }) => [name, bars.map(({ close }) => close)]));
}

function over(providers: readonly MarketDataProvider[]) {
  return { providers, metrics: { count: () => {}, gauge: () => {}, observe: () => {} } };
}

function bar(session: number, close: number): OhlcvBar {
  return { symbol: 'AAA', sessionDate: SESSIONS[session]!, open: close, high: close, low: close, close, volume: 100n };
}

/** Has these closes from the first session on, and gives those asked for. */
function closes(name: string, prices: readonly number[], actions: readonly CorporateAction[] = []): MarketDataProvider {
  return provider(name, (symbol, { from, to }) => {
    const bars = prices.map((close, i) => bar(i, close)).filter(({ sessionDate }) => sessionDate >= from && sessionDate <= to);
    return Promise.resolve({ status: 'ok', symbol, bars, actions, warnings: [] });
  });
}

function answering(name: string, bars: readonly OhlcvBar[], actions: readonly CorporateAction[] = []): MarketDataProvider {
  return provider(name, (symbol) => Promise.resolve({ status: 'ok', symbol, bars, actions, warnings: [] }));
}

function refusing(name: string, status: Exclude<DailyBarsResult['status'], 'ok'>, reason: string): MarketDataProvider {
  return provider(name, (symbol) => Promise.resolve({ status, symbol, reason, retryAfterMs: null }));
}

function mustNotBeAsked(): MarketDataProvider {
  return provider('never', () => Promise.reject(new Error('must not be asked')));
}

function noting(asked: string[], { name, dailyBars }: MarketDataProvider): MarketDataProvider {
  return provider(name, (symbol, range, signal) => {
    asked.push(`${name} ${range.from}..${range.to}`);
    return dailyBars(symbol, range, signal);
  });
}

function provider(name: string, dailyBars: MarketDataProvider['dailyBars']): MarketDataProvider {
  return { name, dailyBars };
}
