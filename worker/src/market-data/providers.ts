// The market data providers that exist, and the order in which they are asked. To add one: its file, its name in PROVIDER_NAMES of the
// configuration, and one line in PROVIDERS.
import type { Config, ProviderName } from '@closebell/shared/config';
import type { MarketDataProvider } from '@closebell/shared/market-data/provider';
import { filesProvider } from './files.js';
import { fmpProvider } from './fmp.js';
import { fredProvider } from './fred.js';
import { massiveProvider } from './massive.js';
import { simulatedProvider } from './simulated.js';
import { yahooProvider } from './yahoo.js';

type CreateProvider = (config: Config, clock: () => Date) => MarketDataProvider;

const PROVIDERS: Readonly<Record<ProviderName, CreateProvider>> = {
  yahoo: ({ yahooBaseUrl }) => yahooProvider({ baseUrl: yahooBaseUrl }),
  massive: (config) =>
    massiveProvider({
      baseUrl: config.massiveBaseUrl,
      apiKey: required(config.massiveApiKey, 'MASSIVE_API_KEY'),
      requestsPerMinute: config.massiveRequestsPerMinute,
    }),
  fmp: (config) =>
    fmpProvider({
      baseUrl: config.fmpBaseUrl,
      apiKey: required(config.fmpApiKey, 'FMP_API_KEY'),
      budget: { perMinute: config.fmpRequestsPerMinute, perDay: config.fmpRequestsPerDay },
    }),
  files: ({ marketDataDir }) => filesProvider({ directory: required(marketDataDir, 'MARKET_DATA_DIR') }),
  simulated: ({ simulationSeed }, clock) => simulatedProvider({ seed: simulationSeed, clock }),
};

/**
 * Those named, in their order; `clock`: the market's, by which the simulation quotes. Throws an Error that says what to change when the
 * configuration names what can't be.
 */
export function createProviders(config: Config, clock: () => Date = () => new Date()): readonly MarketDataProvider[] {
  const names = config.marketDataProviders;
  if (names.length === 0)
    throw new Error(`MARKET_DATA_PROVIDERS names no provider; choose from ${Object.keys(PROVIDERS).join(', ')}`);
  if (new Set(names).size < names.length) throw new Error('MARKET_DATA_PROVIDERS names a provider twice; name each once');
  if (names.includes('simulated')) requireSimulationAllowed(config);
  return names.map((name) => PROVIDERS[name](config, clock));
}

/** Who publishes rates: FRED, switched on by its key; null without one. It has no prices, so it stands beside the order of the others. */
export function createRateProvider({ fredApiKey, fredBaseUrl }: Config): MarketDataProvider | null {
  return fredApiKey === null ? null : fredProvider({ baseUrl: fredBaseUrl, apiKey: fredApiKey });
}

/** Invented prices must never fill the gaps of real ones, nor reach people who would believe them. */
function requireSimulationAllowed({ marketDataProviders, environment }: Config): void {
  if (environment === 'production')
    throw new Error('MARKET_DATA_PROVIDERS: simulated prices are refused in production; use yahoo, massive, fmp or files');
  if (marketDataProviders.length > 1)
    throw new Error('MARKET_DATA_PROVIDERS: simulated runs only when named alone; remove it or the others');
}

function required(value: string | null, variable: string): string {
  if (value === null) throw new Error(`${variable}: set it, as MARKET_DATA_PROVIDERS names the provider it is for`);
  return value;
}
