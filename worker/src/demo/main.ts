// npm run demo: a database, an API and a worker on this machine, four portfolios calculated through the API, and a table of what they are worth.
import { closeDb, createDb } from '@closebell/prisma/client';
import { DEMO_CASH_ACCOUNT, seedDemoUser } from '@closebell/prisma/demo-user';
import { createMarketClock } from '@closebell/prisma/market-clock';
import { migrate } from '@closebell/prisma/migrate';
import { seedSystemTables } from '@closebell/prisma/seed';
import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import type { Config } from '@closebell/shared/config';
import { openDatabase } from '@closebell/shared/infra/database';
import { calculateAll, type Calculated } from './calculations.js';
import { connectClient, type DemoClient } from './client.js';
import { openDemoFolder, resetDemoFolder } from './data-folder.js';
import { demoEnvironment, readOptions, type DemoOptions } from './options.js';
import { DEMO_UPLOADS, readUpload } from './portfolios.js';
import { nextFreePort, startDemoProcesses } from './processes.js';
import { printEntrances } from './entrances.js';
import { renderSummary } from './summary.js';

/** What ends a demo that would stay up: a signal, which is no fault. */
class Stopped extends Error {}

/** How often a demo that stays up values its portfolios while the exchange is open. */
const RECORD_VALUES_EVERY_S = '30';

const read = readOptions(process.argv.slice(2), process.env);
if (!read.ok) {
  (read.exitCode === 0 ? console.log : console.error)(read.message);
  process.exit(read.exitCode);
}
process.exit(await run(read.options));

async function run(options: DemoOptions): Promise<number> {
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ending.abort(new Stopped(signal)));
  const closers: (() => Promise<void>)[] = [];
  try {
    return await tellStory(options, ending, (close) => closers.unshift(close));
  } catch (error) {
    const cause: unknown = ending.signal.aborted ? ending.signal.reason : error;
    if (cause instanceof Stopped) return 130;
    console.error(`\nThe demo ended: ${describe(cause)}`);
    return 1;
  } finally {
    if (ending.signal.reason instanceof Stopped) console.log('\nThe demo stops.');
    for (const close of closers) await close();
  }
}

async function tellStory(
  options: DemoOptions,
  ending: AbortController,
  closeLater: (close: () => Promise<void>) => void,
): Promise<number> {
  const startedAt = performance.now();
  const { config, once, reset } = options;
  if (reset) await resetDemoFolder(config.dataDir);
  const folder = await openDemoFolder(config.dataDir);
  const { account } = folder;

  const database = await openDatabase(config, (message) => console.log(message));
  closeLater(database.close);
  const sessionDate = await prepareDatabase(database.url, config);
  ending.signal.throwIfAborted();

  const port = await nextFreePort(config.port);
  if (config.port !== 0 && port !== config.port) console.log(`Port ${config.port} is taken, so the API takes ${port}.`);
  const url = `http://${reachableHost(config.host)}:${port}`;
  const recordEvery = { RECORD_VALUES_EVERY_S: once ? '0' : RECORD_VALUES_EVERY_S };
  const env = {
    JWT_SECRET: account.jwtSecret,
    ...recordEvery,
    ...demoEnvironment(process.env),
    DATABASE_URL: database.url,
    PORT: String(port),
  };
  const processes = await startDemoProcesses({ url, env, logDir: folder.logDir, onDeath: (cause) => ending.abort(cause) });
  closeLater(processes.stop);
  await processes.ready(ending.signal);
  await folder.noteRunning(url);
  closeLater(folder.noteEnded);
  console.log(`The API answers at ${url}.`);

  const client = await connectClient(url, { ...account, inviteCode: config.inviteCode }, ending.signal);
  await seedAccount(database.url, account.email, sessionDate);
  const portfolios = await findOrUpload(client);
  const calculated = await calculateAll(client, portfolios, ending.signal);
  printResults(calculated);
  printEntrances({ url, account, config });
  console.log(`Ready after ${((performance.now() - startedAt) / 1000).toFixed(1)} s.`);
  if (once) return calculated.every(({ fault }) => fault === null) ? 0 : 1;

  console.log('It stays up until Ctrl-C.');
  return await untilStopped(ending.signal);
}

/** Schema and system tables; gives the session that the portfolio of cash begins with. */
async function prepareDatabase(databaseUrl: string, config: Config): Promise<string> {
  const { applied } = await migrate(databaseUrl);
  if (applied.length > 0) console.log(`The database has its tables now (${applied.length} migrations).`);
  const db = createDb({ databaseUrl, applicationName: 'closebell-demo' });
  try {
    await seedSystemTables(db);
    const clock = await createMarketClock(db, config.marketNow);
    return xnysCalendar().latestCompleteSession(clock());
  } finally {
    await closeDb(db);
  }
}

async function seedAccount(databaseUrl: string, email: string, sessionDate: string): Promise<void> {
  const db = createDb({ databaseUrl, applicationName: 'closebell-demo' });
  try {
    await seedDemoUser(db, { email, sessionDate });
  } finally {
    await closeDb(db);
  }
}

/** Account name to id. A name that is there already is used again, so that a second demo makes nothing twice. */
async function findOrUpload(client: DemoClient): Promise<ReadonlyMap<string, string>> {
  const existing = new Map((await client.listPortfolios()).map(({ id, account_name: name }) => [name, id]));
  const portfolios = new Map<string, string>();
  for (const upload of DEMO_UPLOADS) {
    const known = existing.get(upload.accountName);
    portfolios.set(upload.accountName, known ?? (await client.createPortfolio(await readUpload(upload))));
    console.log(`  ${upload.accountName}: ${known === undefined ? `uploaded ${upload.fileName}` : 'found'}`);
  }
  const cash = existing.get(DEMO_CASH_ACCOUNT);
  if (cash === undefined) throw new Error(`the API does not show the portfolio ${DEMO_CASH_ACCOUNT}`);
  return portfolios.set(DEMO_CASH_ACCOUNT, cash);
}

function printResults(calculated: readonly Calculated[]): void {
  const rows = calculated.flatMap(({ name, figures }) => (figures === null ? [] : [{ name, figures }]));
  if (rows.length > 0) console.log(`\n${renderSummary(rows)}`);
  for (const { name, fault } of calculated) if (fault !== null) console.error(`${name} did not complete: ${fault}`);
}

/** Resolves with 0 when the user stops the demo; rejects when something else ends it. */
async function untilStopped(signal: AbortSignal): Promise<number> {
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve());
  });
  if (signal.reason instanceof Stopped) return 0;
  throw signal.reason;
}

/** Where a client on this machine finds a server that listens on `host`. */
function reachableHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

/** An error and its causes in words, without stack. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}\n  (${error.cause.message})` : error.message;
}
