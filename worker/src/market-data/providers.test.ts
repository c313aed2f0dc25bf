import { describe, expect, test } from 'vitest';
import { createProviders, type MarketDataConfig } from './providers.js';

describe('createProviders', () => {
  test('providers stand in the order they are named', () => {
    expect(createProviders(config({ marketDataProviders: ['files'], marketDataDir: '/prices' })).map(({ name }) => name)).toEqual(
      ['files'],
    );
    expect(createProviders(config({})).map(({ name }) => name)).toEqual(['simulated']);
  });

  test.each<readonly [string, Partial<MarketDataConfig>, RegExp]>([
    ['simulated beside another', { marketDataProviders: ['files', 'simulated'], marketDataDir: '/prices' }, /named alone/],
    ['simulated in production', { environment: 'production' }, /refused in production/],
    ['a name nobody knows', { marketDataProviders: ['toString'] }, /choose from files, simulated/],
    ['no name at all', { marketDataProviders: [] }, /names no provider/],
    ['a name twice', { marketDataProviders: ['files', 'files'], marketDataDir: '/prices' }, /twice/],
    ['files without a folder', { marketDataProviders: ['files'] }, /MARKET_DATA_DIR/],
  ])('%s is refused, saying what to change', (_, change, message) => {
    expect(() => createProviders(config(change))).toThrow(message);
  });
});

function config(change: Partial<MarketDataConfig>): MarketDataConfig {
  return { marketDataProviders: ['simulated'], marketDataDir: null, simulationSeed: 1, environment: 'test', ...change };
}
