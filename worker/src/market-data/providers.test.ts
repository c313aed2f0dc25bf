import { parseConfig, type Config } from '@closebell/shared/config';
import { describe, expect, test } from 'vitest';
import { createProviders, createRateProvider } from './providers.js';

describe('createProviders', () => {
  test('providers stand in the order they are named', () => {
    const named = config({
      marketDataProviders: ['fmp', 'files', 'massive', 'yahoo'],
      marketDataDir: '/prices',
      massiveApiKey: 'm',
      fmpApiKey: 'f',
    });
    expect(createProviders(named).map(({ name }) => name)).toEqual(['fmp', 'files', 'massive', 'yahoo']);
    expect(createProviders(config({})).map(({ name }) => name)).toEqual(['simulated']);
  });

  test("a provider's budget is that of the plan", () => {
    const plan = {
      massiveApiKey: 'm',
      massiveRequestsPerMinute: 7,
      fmpApiKey: 'f',
      fmpRequestsPerMinute: 8,
      fmpRequestsPerDay: null,
    };
    expect(createProviders(config({ marketDataProviders: ['massive', 'fmp'], ...plan })).map(({ budget }) => budget)).toEqual([
      { perMinute: 7, perDay: null },
      { perMinute: 8, perDay: null },
    ]);
  });

  test.each<readonly [string, Partial<Config>, RegExp]>([
    ['simulated beside another', { marketDataProviders: ['files', 'simulated'], marketDataDir: '/prices' }, /named alone/],
    ['simulated in production', { environment: 'production' }, /refused in production/],
    ['no name at all', { marketDataProviders: [] }, /names no provider/],
    ['a name twice', { marketDataProviders: ['files', 'files'], marketDataDir: '/prices' }, /twice/],
    ['files without a folder', { marketDataProviders: ['files'] }, /MARKET_DATA_DIR/],
    ['massive without a key', { marketDataProviders: ['massive'] }, /MASSIVE_API_KEY/],
    ['fmp without a key', { marketDataProviders: ['fmp'] }, /FMP_API_KEY/],
  ])('%s is refused, saying what to change', (_, change, message) => {
    expect(() => createProviders(config(change))).toThrow(message);
  });
});

test('rates are published where there is a key for FRED', () => {
  expect(createRateProvider(config({}))).toBeNull();
  expect(createRateProvider(config({ fredApiKey: 'k' }))?.name).toBe('fred');
});

function config(change: Partial<Config>): Config {
  const parsed = parseConfig({ ENVIRONMENT: 'test', MARKET_DATA_PROVIDERS: 'simulated' });
  if (!parsed.ok) throw new Error(parsed.faults.join());
  return { ...parsed.config, ...change };
}
