// Yahoo's charts of as many symbols as anybody asks for, each answer late by the way it has come: what fetching is measured against.
import { isoDate } from '@closebell/shared/calendar/calendar-date';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chartOf } from '../providers/yahoo-securities.js';

export type ChartRequest = Readonly<{
  symbol: string;
  /** The first day asked for; the client asks for some days more than the first session that it wants. */
  from: string;
}>;

export type ChartServer = Readonly<{
  url: string;
  /** Oldest first. */
  asked: ChartRequest[];
  close: () => Promise<void>;
}>;

/** Every symbol has the same closes, one for each session. */
export async function startChartServer({
  sessions,
  latencyMs,
}: Readonly<{ sessions: readonly string[]; latencyMs: number }>): Promise<ChartServer> {
  const bars = sessions.map((date, at) => ({ date, close: 100 + (at % 50) / 4, volume: 1_000_000 + at }));
  const answers = new Map<string, string>();
  const asked: ChartRequest[] = [];
  const answer = (symbol: string, from: number, to: number): string => {
    const key = `${from} ${to}`;
    const text = answers.get(key) ?? chartText(chartOf({ symbol: NAME, name: NAME, currency: 'USD', bars }, from, to));
    answers.set(key, text);
    return text.replaceAll(NAME, symbol);
  };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://charts');
    const symbol = decodeURIComponent(url.pathname.split('/').at(-1) ?? '');
    const [from, to] = [Number(url.searchParams.get('period1')), Number(url.searchParams.get('period2'))];
    if (!url.pathname.startsWith(CHARTS)) return void response.writeHead(404).end();
    asked.push({ symbol, from: isoDate(Math.floor(from / 86_400)) });
    setTimeout(() => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(answer(symbol, from, to));
    }, latencyMs);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const CHARTS = '/v8/finance/chart/';
const NAME = 'THE-SYMBOL';

/** Where there is nothing it says so as Yahoo does: the symbol is known, without data. */
function chartText(chart: unknown): string {
  const nothing = { meta: { symbol: NAME, currency: 'USD' }, timestamp: [], indicators: { quote: [{}] } };
  return JSON.stringify({ chart: { result: [chart ?? nothing], error: null } });
}
