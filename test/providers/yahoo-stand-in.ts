// Yahoo's servers in one, of our own making: chart, quote, quoteSummary and search; quotes and summaries only for who brings the cookie and
// the crumb that it gave.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Failure, StandIn } from './stand-in.js';
import { chartOf, matchOf, quoteOf, summaryOf, type YahooSecurity } from './yahoo-securities.js';

/** The only crumb there is: what makes it valid is the cookie beside it. */
export const CRUMB = 'Qx7.vB/2kLm';

export type YahooStandIn = StandIn &
  Readonly<{
    /** No cookie given so far is taken any more. */
    endSessions: () => void;
    /** How often the path beginning so was asked for. */
    countOf: (path: string) => number;
  }>;

const PREFIX = '/mirror';

export async function startYahooStandIn(securities: readonly YahooSecurity[]): Promise<YahooStandIn> {
  const known = new Map(securities.map((security) => [security.symbol, security]));
  const asked: string[] = [];
  let failing: Readonly<{ failure: Failure; only: string }> | null = null;
  let session = 1;
  const server = createServer((request, response) => {
    const url = new URL((request.url ?? '').replace(PREFIX, ''), 'http://stand-in');
    asked.push(url.pathname + url.search);
    if (failing !== null && url.pathname.includes(failing.only)) return failing.failure(response);
    answer({ known, cookie: `A3=session-${session}` }, url, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${PREFIX}`,
    asked,
    failWith: (failure, only = '') => {
      failing = failure === null ? null : { failure, only };
    },
    endSessions: () => {
      session += 1;
    },
    countOf: (path) => asked.filter((each) => each.startsWith(path)).length,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

type Site = Readonly<{ known: ReadonlyMap<string, YahooSecurity>; cookie: string }>;

function answer(site: Site, url: URL, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = url;
  const hasCookie = (request.headers.cookie ?? '').split('; ').includes(site.cookie);
  if (pathname.startsWith('/quote/')) {
    const cookie = `${site.cookie}; Domain=.yahoo.com; Path=/; Secure; HttpOnly; Max-Age=31536000`;
    response.writeHead(200, { 'content-type': 'text/html', 'set-cookie': cookie }).end('<!doctype html>');
  } else if (pathname === '/v1/test/getcrumb') {
    response.writeHead(hasCookie ? 200 : 401, { 'content-type': 'text/plain' }).end(hasCookie ? CRUMB : '');
  } else if (pathname.startsWith('/v8/finance/chart/')) {
    sendChart(site, lastStep(pathname), searchParams, response);
  } else if (pathname === '/v1/finance/search') {
    const text = (searchParams.get('q') ?? '').toLowerCase();
    const quotes = [...site.known.values()].filter(({ name }) => name.toLowerCase().includes(text)).map(matchOf);
    send(response, 200, { explains: [], count: quotes.length, quotes: [...quotes, PRIVATE_COMPANY], news: [] });
  } else if (!hasCookie || searchParams.get('crumb') !== CRUMB) {
    sendFault(response, 401, 'finance', 'Unauthorized', 'Invalid Crumb');
  } else if (pathname === '/v7/finance/quote') {
    const asked = (searchParams.get('symbols') ?? '').split(',').flatMap((symbol) => site.known.get(symbol) ?? []);
    send(response, 200, { quoteResponse: { result: asked.map(quoteOf), error: null } });
  } else {
    const security = site.known.get(lastStep(pathname));
    const words = `Quote not found for symbol: ${lastStep(pathname)}`;
    if (security === undefined) sendFault(response, 404, 'quoteSummary', 'Not Found', words);
    else send(response, 200, { quoteSummary: { result: [summaryOf(security)], error: null } });
  }
}

/** Yahoo's search finds what is not traded as well. */
const PRIVATE_COMPANY = { index: 'x', name: 'Acme Garage', permalink: 'acme-garage', isYahooFinance: false };

function sendChart({ known }: Site, symbol: string, query: URLSearchParams, response: ServerResponse): void {
  const security = known.get(symbol);
  if (security === undefined) {
    sendFault(response, 404, 'chart', 'Not Found', 'No data found, symbol may be delisted');
    return;
  }
  const [from, to] = [Number(query.get('period1')), Number(query.get('period2'))];
  const chart = chartOf(security, from, to);
  const words = `Data doesn't exist for startDate = ${from}, endDate = ${to}`;
  if (chart === undefined) sendFault(response, 400, 'chart', 'Bad Request', words);
  else send(response, 200, { chart: { result: [chart], error: null } });
}

function lastStep(pathname: string): string {
  return decodeURIComponent(pathname.split('/').at(-1) ?? '');
}

function sendFault(response: ServerResponse, status: number, part: string, code: string, description: string): void {
  send(response, status, { [part]: { result: null, error: { code, description } } });
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
