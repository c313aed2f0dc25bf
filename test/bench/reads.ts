// How quickly the API answers reads, on the machine that the database and the worker share with it: alone, and while a batch runs.
import type { Endpoint } from '@closebell/shared/contracts/endpoint';
import { ENDPOINTS } from '@closebell/shared/contracts/endpoints';
import { freePort } from '@closebell/shared/infra/free-port';
import { requestOf } from '../security/requests.js';
import { TEST_INVITE_CODE } from '../support/app.js';
import { registerInvestors, type Investor } from '../support/investors.js';
import { createClient, sendAtRate } from '../support/load.js';
import { spawnProgram, type Program } from '../support/programs.js';
import { CHECKOUT } from './checkout.js';
import { SESSION, startInstallation, type Installation } from './installation.js';
import { processorMsOf, tableOf } from './measure.js';
import { cachePrices, insertPortfolios } from './nightly-batch.js';
import { addReadRecords, markOthersDirty, type ReadRecords } from './read-records.js';

const BATCH_PORTFOLIOS = 1_000;
const WARM_UP_S = 1;

/** A path from the root, with its query; `what` names it in the table. */
type Read = Readonly<{ what: string; path: string; headers: Readonly<Record<string, string>> }>;
type Bound = Readonly<{ perSecond: number; seconds: number; p99Ms: number }>;

const DURING_BATCH: Bound = { perSecond: 50, seconds: 4, p99Ms: 50 };
const EVERY_READ: Bound = { perSecond: 100, seconds: 2, p99Ms: 100 };
const LARGE: Bound = { perSecond: 20, seconds: 5, p99Ms: 200 };

type Answering = Readonly<{ url: string; api: Program; investor: Investor; records: ReadRecords }>;

/** Of the reads whose path contains `part`. */
export async function benchReads(part = ''): Promise<string> {
  const installation = await startInstallation();
  const { url, api } = await startApi(installation);
  try {
    await cachePrices(installation);
    const [investor] = await registerInvestors(url, 1);
    const records = await addReadRecords(installation, investor!.userId);
    await insertPortfolios(installation.db, BATCH_PORTFOLIOS);
    await installation.run('refresh-profiles', {});
    await installation.run('run-batch', { sessionDate: SESSION });
    await installation.db.pool.query('ANALYZE');
    const answering = { url, api, investor: investor!, records };
    const chosen = (reads: readonly Read[]): readonly Read[] => reads.filter(({ path }) => path.includes(part));
    const alone = await measured(answering, chosen(readsOf(answering, () => true)), EVERY_READ);
    const large = await measured(answering, chosen(largeReads(records)), LARGE);
    const analytics = chosen(readsOf(answering, ({ path }) => path.startsWith('/analytics')));
    const during = await duringBatch(installation, investor!.userId, () => measured(answering, analytics, DURING_BATCH));
    return [
      section('Analytics of 30 positions while a batch runs', DURING_BATCH, during.value),
      `The batch calculated ${during.batches} × ${BATCH_PORTFOLIOS.toLocaleString('en-US')} portfolios meanwhile.`,
      section('Every read of 30 positions', EVERY_READ, alone),
      section('Portfolio of 278 positions', LARGE, large),
    ].join('\n\n');
  } finally {
    await api.kill('SIGTERM');
    await installation.stop();
  }
}

async function startApi({ env }: Installation): Promise<Readonly<{ url: string; api: Program }>> {
  const port = await freePort();
  const own = { PORT: String(port), RATE_LIMITS: 'false', BETA_INVITE_CODE: TEST_INVITE_CODE, ACCESS_TOKEN_MINUTES: '1440' };
  const options = { env: { ...env, ...own }, cwd: CHECKOUT, readyWhen: 'Closebell API on' };
  const api = spawnProgram(['node', ...apiFlags(), 'api/dist/main.js'], options);
  await api.ready;
  return { url: `http://127.0.0.1:${port}`, api };
}

/** What Node is started with, such as a profiler. */
function apiFlags(): readonly string[] {
  return (process.env['BENCH_API_FLAGS'] ?? '').split(' ').filter((flag) => flag !== '');
}

/** The reads of users, each once: below /portfolios/ the same answer as below /portfolio/. A stream of events never ends. */
function readsOf({ investor, records }: Answering, isWanted: (endpoint: Endpoint) => boolean): readonly Read[] {
  const asking = { fresh: '', email: '', refreshToken: '', userId: investor.userId };
  return ENDPOINTS.filter(
    (endpoint) =>
      endpoint.method === 'get' &&
      endpoint.auth === 'user' &&
      !/\/events$|^(\/\w+)?\/portfolios\/:id\/./.test(endpoint.path) &&
      isWanted(endpoint),
  ).map((endpoint) => {
    const { path, headers = {} } = requestOf(endpoint, records.ids, asking);
    return { what: endpoint.path, path, headers };
  });
}

function largeReads({ largePortfolio: id }: ReadRecords): readonly Read[] {
  return [
    `/data/portfolio/${id}/complete`,
    `/data/portfolio/${id}/complete?include_timeseries=true`,
    `/data/positions/details?portfolio_id=${id}`,
    `/portfolio/${id}/positions`,
    `/portfolio/${id}/target-prices`,
    `/portfolios/${id}`,
    `/analytics/portfolio/${id}/positions/factor-exposures?limit=200`,
    `/analytics/portfolio/${id}/stress-test`,
    `/analytics/portfolio/${id}/correlation-matrix?lookback_days=365&max_symbols=50`,
    '/watchlist',
  ].map((path) => ({ what: path.replace(id, ':id'), path: `/api/v1${path}`, headers: {} }));
}

type Measured = Readonly<{ what: string; p50Ms: number; p99Ms: number; maxMs: number; bytes: number; processorMs: number }>;

/** The slowest first. Rejects when an answer is not a good one. */
async function measured({ url, api, investor }: Answering, reads: readonly Read[], bound: Bound): Promise<readonly Measured[]> {
  const client = createClient(url);
  const all: Measured[] = [];
  for (const { what, path, headers } of reads) {
    const send = () => client.send(path, { headers: { ...investor.headers, 'Accept-Encoding': 'gzip', ...headers } });
    const { status, body } = await send();
    if (status >= 300 || body.includes('"available":false')) throw new Error(`${what}: ${status} ${body.slice(0, 300)}`);
    await sendAtRate({ perSecond: bound.perSecond, seconds: WARM_UP_S }, send);
    const before = processorMsOf(api.child.pid!);
    const { statuses, p50Ms, p99Ms, maxMs } = await sendAtRate(bound, send);
    const processorMs = (processorMsOf(api.child.pid!) - before) / (bound.perSecond * bound.seconds);
    if (!Object.keys(statuses).every((each) => each.startsWith('2'))) throw new Error(`${what}: ${JSON.stringify(statuses)}`);
    all.push({ what, p50Ms, p99Ms, maxMs, bytes: body.length, processorMs });
    console.error(`${what}: ${p50Ms} ms, p99 ${p99Ms} ms, ${processorMs.toFixed(1)} ms of processor time`);
  }
  client.close();
  return all.toSorted((a, b) => b.p99Ms - a.p99Ms);
}

/** Runs `work` while the worker calculates the session of all portfolios but the user's anew, over and over. */
async function duringBatch<T>(
  { db, run }: Installation,
  userId: string,
  work: () => Promise<T>,
): Promise<Readonly<{ value: T; batches: number }>> {
  let isDone = false;
  const working = work().finally(() => {
    isDone = true;
  });
  // Awaited below, when the batch has ended.
  working.catch(() => undefined);
  let batches = 0;
  while (!isDone) {
    await markOthersDirty(db, userId, SESSION);
    await run('run-batch', { sessionDate: SESSION });
    batches += 1;
  }
  return { value: await working, batches };
}

function section(title: string, { perSecond, p99Ms }: Bound, reads: readonly Measured[]): string {
  const missed = reads.filter((read) => read.p99Ms >= p99Ms).length;
  const header = [`${perSecond} a second`, 'p50', 'p99', 'slowest', 'API processor a request', 'gzipped bytes'];
  const rows = reads.map((read) => [
    read.what,
    ...[read.p50Ms, read.p99Ms, read.maxMs, read.processorMs].map((value) => `${value.toFixed(1)} ms`),
    read.bytes.toLocaleString('en-US'),
  ]);
  const verdict = missed === 0 ? 'all do' : `${missed} of ${reads.length} do not`;
  return `${title}; p99 must be < ${p99Ms} ms: ${verdict}\n\n${tableOf([header, ...rows])}`;
}
