// Who fetches a symbol now. Each run has a session of the database for it, which holds a lock per symbol: they end with the session, and
// so with its process, and no connection of the pool waits for a provider.
import pg from 'pg';
import type { Db } from './client.js';

export type FetchClaims = Readonly<{
  /** Those of the symbols that nobody else fetches now. They stay claimed until they are released. */
  claim: (symbols: readonly string[]) => Promise<ReadonlySet<string>>;
  release: (symbols: Iterable<string>) => Promise<void>;
  close: () => Promise<void>;
}>;

/** The first of the two numbers of each lock: which of all advisory locks are these. */
const CLAIMS = 7_270_736;

/** A process that is frozen keeps its claims for `leaseMs`, then the server ends its session. Rejects when the database is away. */
export async function openFetchClaims(db: Db, leaseMs: number): Promise<FetchClaims> {
  let session = await openSession(db, leaseMs);
  const inOrder = oneAtATime();
  const ask = async (statement: string, symbols: readonly string[]): Promise<readonly string[]> => {
    const { rows } = await session.query<{ symbol: string }>(statement, [symbols]);
    return rows.map(({ symbol }) => symbol);
  };
  const claim = async (symbols: readonly string[]): Promise<readonly string[]> => {
    try {
      return await ask(CLAIM, symbols);
    } catch {
      // The session is lost, and its claims: what it fetched just now may be asked for twice, no more.
      await session.end().catch(() => {});
      session = await openSession(db, leaseMs);
      return ask(CLAIM, symbols);
    }
  };
  const alive = setInterval(() => void inOrder(() => session.query('SELECT 1')).catch(() => {}), leaseMs / 3);
  return {
    claim: async (symbols) => new Set(await inOrder(() => claim(symbols))),
    release: async (symbols) => void (await inOrder(() => ask(RELEASE, [...symbols])).catch(() => {})),
    close: async () => {
      clearInterval(alive);
      await inOrder(() => session.end()).catch(() => {});
    },
  };
}

async function openSession(db: Db, leaseMs: number): Promise<pg.Client> {
  const session = new pg.Client({
    connectionString: db.url,
    application_name: 'closebell fetch claims',
    connectionTimeoutMillis: leaseMs,
    query_timeout: leaseMs,
    keepAlive: true,
  });
  // The next statement rejects; nobody waits for this.
  session.on('error', () => {});
  await session.connect();
  await session.query(`SET idle_session_timeout = ${Math.ceil(leaseMs)}`);
  return session;
}

const CLAIM = `SELECT symbol FROM unnest($1::text[]) AS wanted (symbol) WHERE pg_try_advisory_lock(${CLAIMS}, hashtext(symbol))`;
const RELEASE = `SELECT symbol FROM unnest($1::text[]) AS held (symbol) WHERE pg_advisory_unlock(${CLAIMS}, hashtext(symbol))`;

/** A connection takes one statement at a time. */
function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const answer = last.then(work);
    last = answer.catch(() => {});
    return answer;
  };
}
