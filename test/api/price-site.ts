// A whole installation whose prices come over HTTP, from stand-ins of two providers: FMP, which needs a key, and after it Yahoo. Users,
// API, queue, worker, clients, gates and database are the real ones.
import type { Db } from '@closebell/prisma/client';
import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import type { MarketDataProvider } from '@closebell/shared/market-data/provider';
import { createRiskMarkets } from '@closebell/worker/batch/risk-markets';
import type { WorkerContext } from '@closebell/worker/context';
import { fmpProvider } from '@closebell/worker/market-data/fmp';
import { gateProviders } from '@closebell/worker/market-data/provider-gate';
import { yahooProvider } from '@closebell/worker/market-data/yahoo';
import { startWorker } from '@closebell/worker/worker';
import { fieldsOf, logIn, type Caller } from './caller.js';
import { startStandIn, type StandIn } from '../providers/stand-in.js';
import { startYahooStandIn } from '../providers/yahoo-stand-in.js';
import type { YahooSecurity } from '../providers/yahoo-securities.js';
import { startTestApp } from '../support/app.js';
import { ended } from '../support/worker.js';

type Split = Readonly<{ exDate: string; numerator: number; denominator: number }>;
type Dividend = Readonly<{ exDate: string; amount: number }>;

/** What one provider publishes of one symbol, as traded; a test changes it and the next request sees that. */
export type Listed = Readonly<{ closes: Map<string, number>; splits: Split[]; dividends: Dividend[] }>;

export type PriceSource = StandIn & Readonly<{ listed: Map<string, Listed> }>;

/** What a run tells whoever polls it; only what tests look at. */
export type PolledRun = Readonly<{ status: string; preprocessing: Readonly<{ warnings: readonly string[] }> | null }>;

export type PriceSite = Readonly<{
  db: Db;
  fmp: PriceSource;
  yahoo: PriceSource;
  owner: Caller;
  admin: Caller;
  /** Moves the market clock of API and worker. */
  setNow: (instant: string) => void;
  /** Who is asked from now on, in this order. */
  use: (...names: readonly ('fmp' | 'yahoo')[]) => void;
  /** The owner's run, from the request to what its last poll shows. */
  calculate: (portfolioId: string) => Promise<PolledRun>;
  /** The admin's run of all portfolios; what it came to. */
  runBatch: () => Promise<Readonly<Record<string, unknown>>>;
  /** The admin's fetching of prices alone. */
  fetchPrices: () => Promise<void>;
  /** Forgets prices, providers' troubles and portfolios, and lists nothing. */
  reset: () => Promise<void>;
  close: () => Promise<void>;
}>;

const FMP_KEY = 'fmp-key-of-tests';
/** Far more than any answer takes here. */
const TIMEOUT_MS = 1_000;

/** `yahooSymbols`: all that Yahoo will ever list. */
export async function startPriceSite({ yahooSymbols }: Readonly<{ yahooSymbols: readonly string[] }>): Promise<PriceSite> {
  const [fmp, yahoo] = [await startFmpSource(), await startYahooSource(yahooSymbols)];
  let now = new Date();
  const app = await startTestApp({}, () => now);
  const { db, config, logger, metrics } = app.context;
  const gated = gateProviders(db, clientsOf(fmp, yahoo));
  const providers: MarketDataProvider[] = [];
  const context: WorkerContext = {
    db,
    config,
    logger,
    metrics,
    clock: () => now,
    calendar: xnysCalendar(),
    providers,
    rates: null,
    riskMarkets: createRiskMarkets(),
  };
  const worker = await startWorker(context, { schedules: false });
  const [owner, admin] = [await logIn(app), await logIn(app, { superuser: true })];
  return {
    db,
    fmp,
    yahoo,
    owner,
    admin,
    setNow: (instant) => {
      now = new Date(instant);
    },
    use: (...names) => {
      providers.splice(0, providers.length, ...names.map((name) => gated.find((each) => each.name === name)!));
    },
    ...runsOf(db, owner, admin),
    reset: () => reset(db, [fmp, yahoo]),
    close: async () => {
      await worker.stop();
      await app.close();
      await Promise.all([fmp.close(), yahoo.close()]);
    },
  };
}

function clientsOf(fmp: PriceSource, yahoo: PriceSource): readonly MarketDataProvider[] {
  const budget = { perMinute: 100_000, perDay: null };
  return [
    fmpProvider({ baseUrl: fmp.url, apiKey: FMP_KEY, budget, timeoutMs: TIMEOUT_MS }),
    yahooProvider({ baseUrl: yahoo.url, timeoutMs: TIMEOUT_MS }),
  ];
}

function runsOf(db: Db, owner: Caller, admin: Caller): Pick<PriceSite, 'calculate' | 'runBatch' | 'fetchPrices'> {
  return {
    calculate: async (portfolioId) => {
      const path = `/portfolio/${portfolioId}/calculate`;
      const started = fieldsOf<{ batch_run_id: string; poll_url: string }>(await owner.post(path), 202);
      await ended(db, started.batch_run_id);
      return fieldsOf<PolledRun>(await owner.get(started.poll_url), 200);
    },
    runBatch: async () => {
      const { batch_run_id: id } = fieldsOf<{ batch_run_id: string }>(await admin.post('/admin/batch/run'), 202);
      const { status, result } = await ended(db, id);
      return { ...result, status };
    },
    fetchPrices: async () => {
      const answer = await admin.post('/admin/batch/trigger/market-data', {});
      const { jobs } = fieldsOf<{ jobs: readonly Readonly<{ job_id: string }>[] }>(answer, 202);
      for (const { job_id: id } of jobs) await ended(db, id);
    },
  };
}

async function reset(db: Db, sources: readonly PriceSource[]): Promise<void> {
  await db.pool.query(
    `TRUNCATE portfolios, price_bars, missing_bars, quarantined_bars, corporate_actions, securities, fetch_attempts, provider_circuits,
       provider_budgets, jobs CASCADE`,
  );
  for (const source of sources) {
    source.failWith(null);
    source.listed.clear();
    source.asked.length = 0;
  }
}

async function startFmpSource(): Promise<PriceSource> {
  const listed = new Map<string, Listed>();
  const standIn = await startStandIn(({ pathname, searchParams: query }) => {
    const symbol = query.get('symbol') ?? '';
    const security = listed.get(symbol);
    if (pathname === '/stable/profile') return { body: security === undefined ? [] : [{ symbol, companyName: `The ${symbol}` }] };
    if (pathname === '/stable/splits') return { body: (security?.splits ?? []).map(dated) };
    if (pathname === '/stable/dividends')
      return { body: (security?.dividends ?? []).map(({ exDate, amount }) => ({ date: exDate, dividend: amount })) };
    const [from, to] = [query.get('from') ?? '', query.get('to') ?? ''];
    const closes = [...(security?.closes ?? [])].filter(([date]) => date >= from && date <= to);
    return { body: closes.map(([date, adjClose]) => ({ symbol, date, adjClose, volume: 1_000 })).toReversed() };
  });
  return { ...standIn, listed };
}

function dated({ exDate, ...ratio }: Split) {
  return { date: exDate, ...ratio };
}

async function startYahooSource(symbols: readonly string[]): Promise<PriceSource> {
  const listed = new Map<string, Listed>();
  const standIn = await startYahooStandIn(symbols.map((symbol) => yahooSecurity(symbol, () => listed.get(symbol))));
  return { ...standIn, listed };
}

/** As it is listed whenever it is asked for. */
function yahooSecurity(symbol: string, read: () => Listed | undefined): YahooSecurity {
  return {
    symbol,
    name: `The ${symbol}`,
    currency: 'USD',
    get bars() {
      return [...(read()?.closes ?? [])].map(([date, close]) => ({ date, close, volume: 1_000 }));
    },
    get splits() {
      return read()?.splits ?? [];
    },
    get dividends() {
      return read()?.dividends ?? [];
    },
  };
}
