// The market data providers that exist, and the order in which they are asked. To add one: its file, and one line in PROVIDERS.
import type { MarketDataProvider } from '@closebell/shared/market-data/provider';
import { filesProvider } from './files.js';
import { simulatedProvider } from './simulated.js';

export type MarketDataConfig = Readonly<{
  /** In the order to be asked. */
  marketDataProviders: readonly string[];
  /** Folder of price files; null when `files` isn't used. */
  marketDataDir: string | null;
  simulationSeed: number;
  environment: 'development' | 'test' | 'production';
}>;

type CreateProvider = (config: MarketDataConfig) => MarketDataProvider;

const PROVIDERS: Readonly<Record<string, CreateProvider>> = {
  files: (config) => filesProvider({ directory: requireDirectory(config) }),
  simulated: (config) => simulatedProvider({ seed: config.simulationSeed }),
};

/** Throws an Error that says what to change when the configuration names what can't be. */
export function createProviders(config: MarketDataConfig): readonly MarketDataProvider[] {
  const names = config.marketDataProviders;
  if (names.length === 0)
    throw new Error(`MARKET_DATA_PROVIDERS names no provider; choose from ${Object.keys(PROVIDERS).join(', ')}`);
  if (new Set(names).size < names.length) throw new Error('MARKET_DATA_PROVIDERS names a provider twice; name each once');
  if (names.includes('simulated')) requireSimulationAllowed(config);
  return names.map((name) => {
    const create = Object.hasOwn(PROVIDERS, name) ? PROVIDERS[name] : undefined;
    if (create === undefined)
      throw new Error(`MARKET_DATA_PROVIDERS names "${name}"; choose from ${Object.keys(PROVIDERS).join(', ')}`);
    return create(config);
  });
}

/** Invented prices must never fill the gaps of real ones, nor reach people who would believe them. */
function requireSimulationAllowed({ marketDataProviders, environment }: MarketDataConfig): void {
  if (environment === 'production')
    throw new Error('MARKET_DATA_PROVIDERS: simulated prices are refused in production; use files');
  if (marketDataProviders.length > 1)
    throw new Error('MARKET_DATA_PROVIDERS: simulated runs only when named alone; remove it or the others');
}

function requireDirectory({ marketDataDir }: MarketDataConfig): string {
  if (marketDataDir === null)
    throw new Error('MARKET_DATA_DIR: set it to the folder of price files, as MARKET_DATA_PROVIDERS names files');
  return marketDataDir;
}
