// What figures rest on: the calendar, the prices, the clock.
import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import type { Config, ProviderName } from '@closebell/shared/config';
import { createPriceLibrary } from '../market-data/price-library.js';
import { createProviders } from '../market-data/providers.js';
import { fault, messageOf, ok, warning, type Finding } from './finding.js';

const DAY_MS = 86_400_000;
const CALENDAR_LEFT_MIN_DAYS = 365;

export function checkCalendar(now: Date): Finding {
  const { exchange, firstDate, lastDate } = xnysCalendar();
  const daysLeft = Math.floor((Date.parse(lastDate) - now.getTime()) / DAY_MS);
  const text = `${exchange} from ${firstDate} to ${lastDate}`;
  const remedy = 'Install a release whose calendar reaches further';
  if (daysLeft < 0) return fault('calendar', `${text}, and that is over`, remedy);
  return daysLeft < CALENDAR_LEFT_MIN_DAYS ? warning('calendar', `${text}: ${daysLeft} days left`, remedy) : ok('calendar', text);
}

export function checkClock({ marketNow }: Pick<Config, 'marketNow'>, now: Date): Finding {
  if (marketNow === null) return ok('clock', `real time, ${now.toISOString()}`);
  return warning('clock', `CLOSEBELL_NOW starts the market clock at ${marketNow.toISOString()}`, 'Unset it for the real time');
}

export async function checkProviders(config: Config, now: Date): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const name of config.marketDataProviders) {
    switch (name) {
      case 'files':
        findings.push(await checkPriceFiles(config.marketDataDir ?? ''));
        break;
      case 'simulated':
        findings.push(simulatedPrices(config.simulationSeed));
        break;
      case 'yahoo':
      case 'massive':
      case 'fmp':
        findings.push(await checkOverNetwork(name, config, now));
        break;
    }
  }
  return findings;
}

function simulatedPrices(seed: number): Finding {
  const text = `simulated, seed ${seed}: no real market data, never for production`;
  return warning('prices', text, 'Set MARKET_DATA_PROVIDERS=files and MARKET_DATA_DIR for real prices');
}

const NETWORK_MS = 15_000;

/** Asks for a few bars that every provider has. */
async function checkOverNetwork(name: ProviderName, config: Config, now: Date): Promise<Finding> {
  const [provider] = createProviders({ ...config, marketDataProviders: [name] });
  const calendar = xnysCalendar();
  const to = calendar.latestCompleteSession(now);
  const range = { from: calendar.addSessions(to, -4), to };
  try {
    const answer = await provider!.dailyBars('SPY', range, AbortSignal.timeout(NETWORK_MS));
    if (answer.status === 'ok') return ok('prices', `${name} answers: ${answer.bars.length} bars of SPY up to ${to}`);
    const remedy =
      answer.status === 'unauthorized'
        ? `Correct the key of ${name}`
        : 'Ask again later; look whether it can be reached from here';
    const text = `${name}: ${answer.status}, ${answer.reason}`;
    return answer.status === 'rate_limited' ? warning('prices', text, remedy) : fault('prices', text, remedy);
  } catch (error) {
    return fault('prices', `${name}: ${messageOf(error)}`, 'Look whether it can be reached from here');
  }
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
