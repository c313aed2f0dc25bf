// Who gives prices and rates: what each needs, whether it answers from here, and whether the workers ask it at present.
import type { Db } from '@closebell/prisma/client';
import { listProviderBudgets } from '@closebell/prisma/provider-budgets';
import { listProviderCircuits, type ProviderCircuitRow } from '@closebell/prisma/provider-circuits';
import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import type { Config, ProviderName } from '@closebell/shared/config';
import type { MarketDataProvider, Refusal, SessionRange } from '@closebell/shared/market-data/provider';
import { createPriceLibrary } from '../market-data/price-library.js';
import { createProviders, createRateProvider } from '../market-data/providers.js';
import { fault, messageOf, ok, warning, type Finding } from './finding.js';

const NETWORK_MS = 15_000;
const RANGE_SESSIONS = 5;

/** One finding for each provider that is named, in their order. */
export async function* checkProviders(config: Config, now: Date): AsyncGenerator<Finding> {
  for (const name of config.marketDataProviders) {
    switch (name) {
      case 'files':
        yield await checkPriceFiles(config.marketDataDir ?? '');
        break;
      case 'simulated':
        yield simulatedPrices(config.simulationSeed);
        break;
      case 'yahoo':
      case 'massive':
      case 'fmp':
        yield await checkOverNetwork(name, config, now);
        break;
    }
  }
}

function simulatedPrices(seed: number): Finding {
  const text = `simulated, seed ${seed}: no real market data, never for production`;
  return warning('prices', text, 'Set MARKET_DATA_PROVIDERS=yahoo for real prices, or another provider');
}

/** Asks for a few bars that every provider has. */
async function checkOverNetwork(name: ProviderName, config: Config, now: Date): Promise<Finding> {
  const [provider] = createProviders({ ...config, marketDataProviders: [name] });
  const { keyVariable } = provider!;
  const key = keyVariable === undefined ? 'without a key' : `with ${keyVariable}`;
  try {
    const range = lastSessions(now);
    const answer = await provider!.dailyBars('SPY', range, AbortSignal.timeout(NETWORK_MS));
    if (answer.status === 'ok')
      return ok('prices', `${name} answers ${key}: ${answer.bars.length} bars of SPY up to ${range.to}`);
    return refused('prices', name, answer, keyVariable);
  } catch (error) {
    return fault('prices', `${name}: ${reasonOf(error)}`, UNREACHABLE);
  }
}

/** Published rates are switched on by their key. */
export async function checkRates(config: Config, now: Date): Promise<Finding> {
  const provider = createRateProvider(config);
  if (provider === null) return ok('rates', `no FRED_API_KEY: options are marked with OPTION_RATE, ${config.optionRate}`);
  try {
    const answer = await provider.rates!('DGS3MO', lastSessions(now), AbortSignal.timeout(NETWORK_MS));
    if (answer.status !== 'ok') return refused('rates', provider.name, answer, provider.keyVariable);
    return ok('rates', `${provider.name} answers with ${provider.keyVariable ?? 'its key'}`);
  } catch (error) {
    return fault('rates', `${provider.name}: ${reasonOf(error)}`, UNREACHABLE);
  }
}

const UNREACHABLE = 'Look whether it can be reached from here; MARKET_DATA_PROVIDERS=simulated shows Closebell without a network';

function refused(subject: string, name: string, { status, reason }: Refusal, keyVariable: string | undefined): Finding {
  const text = `${name}: ${reason}`;
  switch (status) {
    case 'unauthorized':
      return fault(subject, text, `Correct ${keyVariable ?? `the key of ${name}`}`);
    case 'rate_limited':
      return warning(subject, text, 'It answers, and wants to be asked less: calculations wait for it or ask the next provider');
    case 'no_data':
      return warning(subject, text, 'It answers, and has nothing of the last sessions yet');
    case 'unknown_symbol':
    case 'garbage':
    case 'unavailable':
      return fault(subject, text, UNREACHABLE);
  }
}

function lastSessions(now: Date): SessionRange {
  const calendar = xnysCalendar();
  const to = calendar.latestCompleteSession(now);
  return { from: calendar.addSessions(to, 1 - RANGE_SESSIONS), to };
}

function reasonOf(error: unknown): string {
  const isLate = error instanceof Error && error.name === 'TimeoutError';
  return isLate ? `no answer within ${NETWORK_MS / 1_000} s` : messageOf(error);
}

async function checkPriceFiles(directory: string): Promise<Finding> {
  try {
    const { series, faults } = await createPriceLibrary(directory, 0)();
    const text = `${series.size} symbols in the files of ${directory}`;
    if (faults.length > 0) return fault('prices', `${text}; ${faults.join('; ')}`, 'Mend or remove these files');
    return series.size === 0 ? fault('prices', text, 'Put price files there, or correct MARKET_DATA_DIR') : ok('prices', text);
  } catch (error) {
    return fault('prices', `files of ${directory}: ${messageOf(error)}`, 'Correct MARKET_DATA_DIR');
  }
}

/** One finding for each provider that is asked over a network: whether the workers rest from it, and until when. */
export async function checkCircuits(db: Db, config: Config): Promise<readonly Finding[]> {
  const [circuits, budgets] = await Promise.all([listProviderCircuits(db.pool), listProviderBudgets(db.pool)]);
  return networkProviders(config).map(({ name }) => {
    const own = circuits.filter(({ provider }) => provider === name);
    const resting = own.filter(({ state }) => state !== 'closed');
    const budget = budgets.find(({ provider }) => provider === name);
    if (resting.length > 0) return warning('circuit', `${name}: ${resting.map(restText).join('; ')}`, MENDS_ITSELF);
    if (budget?.blockedUntil) {
      const text = `${name} is left alone until ${minuteOf(budget.blockedUntil)}: ${budget.blockedReason ?? 'it said so'}`;
      return warning('circuit', text, MENDS_ITSELF);
    }
    return ok('circuit', own.length === 0 ? `${name} has not been asked yet` : `${name} is asked as usual`);
  });
}

const MENDS_ITSELF = 'It is tried again by itself; what is missing until then is fetched by the next run';

function networkProviders(config: Config): readonly MarketDataProvider[] {
  const rates = createRateProvider(config);
  return [...createProviders(config), ...(rates === null ? [] : [rates])].filter(({ budget }) => budget !== undefined);
}

function restText({ capability, state, failures, retryAt, lastError }: ProviderCircuitRow): string {
  const until = state === 'open' && retryAt !== null ? `not asked until ${minuteOf(retryAt)}` : 'tried by the next request';
  return `${capability} ${until}, after ${failures} failures: ${lastError ?? 'no reason kept'}`;
}

function minuteOf(instant: Date): string {
  return `${instant.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
