// What every market data provider must do, whatever it is made of. A provider's test calls it with a way to make one.
import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import type { DailyBarsResult, MarketDataProvider, SessionRange } from '@closebell/shared/market-data/provider';
import { beforeAll, describe, expect, test } from 'vitest';

export type ProviderUnderTest = Readonly<{
  name: string;
  /** Called once for the suite, and once more to see that a second provider agrees. */
  create: () => Promise<MarketDataProvider>;
  /** Has a bar on every session of `range`, which holds at least ten of them, and a dividend or split inside it. */
  symbol: string;
  range: SessionRange;
  unknownSymbol: string;
}>;

/** `symbol`, `range`: what the suite asks when a test names nothing else; `from` another provider than the suite's own. */
type Ask = (symbol?: string, range?: SessionRange, from?: MarketDataProvider) => Promise<DailyBarsResult>;

export function describeProviderConformance(subject: ProviderUnderTest): void {
  describe(`${subject.name} keeps to what every provider must do`, () => {
    let provider: MarketDataProvider;
    beforeAll(async () => {
      provider = await subject.create();
    });
    const ask: Ask = (symbol = subject.symbol, range = subject.range, from = provider) =>
      from.dailyBars(symbol, range, new AbortController().signal);
    testBars(subject, ask);
    testAnswers(subject, ask, () => provider);
    testSecurities(subject, () => provider);
  });
}

function testBars({ symbol, range }: ProviderUnderTest, ask: Ask): void {
  const sessions = xnysCalendar().sessionsBetween(range.from, range.to);

  test('bars are in ascending order, one on every session of the range and on no other day', async () => {
    const { bars } = okay(await ask());
    expect(bars.map(({ sessionDate }) => sessionDate)).toEqual(sessions);
  });

  test('both ends of the range are included and nothing beyond them is given', async () => {
    const [from = '', , , to = ''] = sessions;
    const { bars, actions } = okay(await ask(symbol, { from, to }));
    expect(bars.map(({ sessionDate }) => sessionDate)).toEqual(sessions.slice(0, 4));
    for (const { exDate } of actions) expect(exDate >= from && exDate <= to).toBe(true);
  });

  test('closes are positive, and high and low hold open and close where they are known', async () => {
    for (const { open, high, low, close, volume } of okay(await ask()).bars) {
      const traded = [open, close].filter((price) => price !== null);
      expect(Math.min(...traded)).toBeGreaterThan(0);
      expect(high ?? Infinity).toBeGreaterThanOrEqual(Math.max(...traded));
      expect(low ?? 0).toBeLessThanOrEqual(Math.min(...traded));
      expect(volume ?? 0n).toBeGreaterThanOrEqual(0n);
    }
  });

  test('corporate actions are in order, inside the range, and positive', async () => {
    const { actions } = okay(await ask());
    expect(actions.length).toBeGreaterThan(0);
    expect(actions.map(({ exDate }) => exDate)).toEqual(actions.map(({ exDate }) => exDate).toSorted());
    for (const action of actions) {
      expect(action.exDate >= range.from && action.exDate <= range.to).toBe(true);
      expect(action.type === 'dividend' ? action.amount : action.numerator / action.denominator).toBeGreaterThan(0);
    }
  });
}

function testAnswers(
  { name, create, symbol, range, unknownSymbol }: ProviderUnderTest,
  ask: Ask,
  provider: () => MarketDataProvider,
): void {
  test('it is called what the configuration calls it', () => {
    expect(provider().name).toBe(name);
  });

  test('the answer and everything in it bear the symbol asked for', async () => {
    const { symbol: answered, bars, actions } = okay(await ask());
    expect(new Set([answered, ...bars.map((bar) => bar.symbol), ...actions.map((action) => action.symbol)])).toEqual(
      new Set([symbol]),
    );
  });

  test('asked again, or asked of a second provider, the answer is the same', async () => {
    const first = await ask();
    expect(await ask()).toEqual(first);
    expect(await ask(symbol, range, await create())).toEqual(first);
  });

  test('many asked at once get what one alone gets', async () => {
    const alone = await ask();
    const fresh = await create();
    for (const result of await Promise.all(Array.from({ length: 8 }, () => ask(symbol, range, fresh))))
      expect(result).toEqual(alone);
  });

  test('an unknown symbol is answered with a status and a reason, and has no profile', async () => {
    expect(await ask(unknownSymbol)).toEqual({
      status: 'unknown_symbol',
      symbol: unknownSymbol,
      reason: expect.stringMatching(/./),
    });
    const profile = await provider().profile?.(unknownSymbol, new AbortController().signal);
    if (profile !== undefined) expect(profile).toMatchObject({ status: 'unknown_symbol', reason: expect.stringMatching(/./) });
  });

  test('a range without a session has no data', async () => {
    expect(await ask(symbol, { from: '2025-01-04', to: '2025-01-05' })).toMatchObject({ status: 'no_data', symbol });
  });

  test("an aborted signal rejects with the signal's reason", async () => {
    const aborted = AbortSignal.abort(new Error('no longer wanted'));
    const { dailyBars, profile, quotes, search } = provider();
    for (const ask of [
      () => dailyBars(symbol, range, aborted),
      () => profile?.(symbol, aborted),
      () => quotes?.([symbol], aborted),
      () => search?.(symbol, aborted),
    ]) {
      const answer = ask();
      if (answer !== undefined) await expect(answer).rejects.toThrow('no longer wanted');
    }
  });
}

/** Of what a provider may leave out. */
function testSecurities({ symbol, unknownSymbol }: ProviderUnderTest, provider: () => MarketDataProvider): void {
  const { signal } = new AbortController();

  test('a profile bears the symbol asked for', async () => {
    const profile = await provider().profile?.(symbol, signal);
    if (profile !== undefined) expect(profile).toMatchObject({ status: 'ok', value: { symbol } });
  });

  test('quotes are those of the symbols it knows, each with a price and an instant', async () => {
    const quotes = await provider().quotes?.([unknownSymbol, symbol], signal);
    if (quotes === undefined) return;
    if (quotes.status !== 'ok') throw new Error(`${quotes.status}: ${quotes.reason}`);
    expect(quotes.value.map((quote) => quote.symbol)).toEqual([symbol]);
    for (const { price, quotedAt } of quotes.value) {
      expect(price).toBeGreaterThan(0);
      expect(new Date(quotedAt).toISOString()).toBe(quotedAt);
    }
  });

  test('quotes of nothing are none', async () => {
    const quotes = await provider().quotes?.([], signal);
    if (quotes !== undefined) expect(quotes).toEqual({ status: 'ok', value: [] });
  });

  test('a search for the symbol finds it', async () => {
    const matches = await provider().search?.(symbol, signal);
    if (matches === undefined) return;
    if (matches.status !== 'ok') throw new Error(`${matches.status}: ${matches.reason}`);
    expect(matches.value.map((match) => match.symbol)).toContain(symbol);
  });
}

function okay(result: DailyBarsResult) {
  if (result.status !== 'ok') throw new Error(`${result.status}: ${result.reason}`);
  return result;
}
