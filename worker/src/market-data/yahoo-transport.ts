// Carries the client's requests: to the address configured, each within its time, and back only what the client can read in silence.
import { YAHOO_ANSWERS } from '@closebell/shared/market-data/yahoo-answers';
import { createJsonClient, type Shape } from './http-json.js';
import { garbage, refusalOfBody, refusalOfPage, YahooRefusal } from './yahoo-refusals.js';

/** `baseUrl` stands for all of Yahoo's hosts, path and query kept; null: the hosts themselves. */
export type YahooTransportOptions = Readonly<{ baseUrl: string | null; timeoutMs: number }>;

/** The fetch that the client is given. Rejects with a YahooRefusal, or with the reason of the request's own signal. */
export function yahooTransport(options: YahooTransportOptions): typeof fetch {
  return (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const shape = Object.entries(YAHOO_ANSWERS).find(([path]) => url.pathname.startsWith(path))?.[1];
    return shape === undefined ? fetchPage(options, url, init) : fetchData(options, url, init, shape);
  };
}

/**
 * The client prints the address, crumb included, of whatever is not 2xx, and sets cookies without waiting for a failure that would then
 * end the process: so it gets sound JSON and no headers, or nothing.
 */
async function fetchData(
  options: YahooTransportOptions,
  url: URL,
  init: RequestInit = {},
  shape: Shape<unknown>,
): Promise<Response> {
  const get = createJsonClient({
    provider: 'Yahoo',
    baseUrl: options.baseUrl ?? url.origin,
    apiKey: url.searchParams.get('crumb'),
    headers: Object.fromEntries(new Headers(init.headers)),
    refusalOf: refusalOfBody,
    timeoutMs: options.timeoutMs,
  });
  const request = { path: url.pathname, query: Object.fromEntries(url.searchParams), shape };
  const answer = await get(request, init.signal ?? AbortSignal.any([]));
  if (answer.status !== 'ok') throw new YahooRefusal(answer);
  return Response.json(answer.value);
}

/**
 * What leads to cookie and crumb. The client fetches them once for all who wait, with the signal of whoever came first: that one must not
 * end it for the others, so only the time-out does.
 */
async function fetchPage(options: YahooTransportOptions, url: URL, init?: RequestInit): Promise<Response> {
  const { timeoutMs } = options;
  try {
    const response = await fetch(addressOf(options, url), { ...init, signal: AbortSignal.timeout(timeoutMs) });
    if (url.pathname.endsWith('/getcrumb')) return await crumbOf(response);
    // Of any other page only cookies and redirects matter, and an error page may bring those as well.
    if (response.status >= 400 && response.headers.getSetCookie().length === 0) throw refusalOfPage(response);
    return response;
  } catch (error) {
    if (error instanceof YahooRefusal) throw error;
    const isLate = error instanceof Error && error.name === 'TimeoutError';
    const reason = isLate
      ? `Yahoo gave no cookie and crumb within ${timeoutMs} ms`
      : 'Yahoo could not be reached for a cookie and a crumb';
    throw new YahooRefusal({ status: 'unavailable', reason }, { cause: error });
  }
}

function addressOf({ baseUrl }: YahooTransportOptions, url: URL): URL {
  const address = new URL(baseUrl ?? url.origin);
  address.pathname = address.pathname.replace(/\/$/, '') + url.pathname;
  address.search = url.search;
  return address;
}

/** A crumb is a short word; a page taken for one would be sent along with every later request. */
async function crumbOf(response: Response): Promise<Response> {
  if (!response.ok) throw refusalOfPage(response);
  const crumb = await response.text();
  if (!/^[^\s<>{}]{1,64}$/.test(crumb)) throw garbage('Yahoo answered something else than a crumb');
  return new Response(crumb);
}
