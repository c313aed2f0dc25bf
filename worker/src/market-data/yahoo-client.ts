// yahoo-finance2's client: silent, on our transport, and with every fault an answer.
import type { Answer } from '@closebell/shared/market-data/provider';
import createYahooFinance from 'yahoo-finance2/createYahooFinance';
import { ExtendedCookieJar } from 'yahoo-finance2/lib/cookieJar';
import { getCrumbClear } from 'yahoo-finance2/lib/getCrumb';
import chart from 'yahoo-finance2/modules/chart';
import quote from 'yahoo-finance2/modules/quote';
import quoteSummary from 'yahoo-finance2/modules/quoteSummary';
import search from 'yahoo-finance2/modules/search';
import { refusalOfError } from './yahoo-refusals.js';
import { yahooTransport, type YahooTransportOptions } from './yahoo-transport.js';

/** Only what is asked of it, so that not all of the package is loaded. */
const YahooFinance = createYahooFinance({ modules: { chart, quote, quoteSummary, search } });

type CallOptions = Readonly<{ fetchOptions: Readonly<{ signal: AbortSignal }> }>;
type YahooRequest<T> = (yahoo: InstanceType<typeof YahooFinance>, options: CallOptions) => Promise<T>;

/** Whatever `request` throws is a refusal; `options` go into the client's call. Rejects only with the signal's reason. */
type Ask = <T>(request: YahooRequest<T>, signal: AbortSignal) => Promise<Answer<T>>;

/** `askWithCrumb` is for quote and quoteSummary, which Yahoo answers only with its cookie and crumb. */
export type YahooClient = Readonly<{ ask: Ask; askWithCrumb: Ask }>;

/** Of one process, over all clients in it: the package has a single queue. */
const REQUESTS_AT_ONCE = 4;

export function createYahooClient(options: YahooTransportOptions): YahooClient {
  const cookieJar = new ExtendedCookieJar();
  const yahoo = new YahooFinance({
    fetch: yahooTransport(options),
    cookieJar,
    logger: SILENT,
    queue: { concurrency: REQUESTS_AT_ONCE },
    suppressNotices: ['yahooSurvey'],
    validation: { logErrors: false, logOptionsErrors: false },
    versionCheck: false,
  });
  let crumbsDropped = 0;

  const ask: Ask = async (request, signal) => {
    signal.throwIfAborted();
    try {
      return { status: 'ok', value: await unlessAborted(request(yahoo, { fetchOptions: { signal } }), signal) };
    } catch (error) {
      signal.throwIfAborted();
      return refusalOfError(error);
    }
  };

  const askWithCrumb: Ask = async (request, signal) => {
    const droppedBefore = crumbsDropped;
    const answer = await ask(request, signal);
    if (answer.status !== 'unauthorized') return answer;
    // The package keeps its crumb for the life of the process, also once Yahoo no longer takes it. One of those refused drops it for all.
    if (crumbsDropped === droppedBefore) {
      crumbsDropped += 1;
      await getCrumbClear(cookieJar);
    }
    return ask(request, signal);
  };

  return { ask, askWithCrumb };
}

const SILENT = { info: ignore, warn: ignore, error: ignore, debug: ignore, dir: ignore };

function ignore(): void {}

/** What `work` comes to, or the signal's reason at once: a request for the crumb goes on for the others who wait for it. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
