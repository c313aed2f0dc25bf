// The connections to Postgres, for job rows, claims, ledger and bulk figures. Plain records go through Prisma, over the same
// connections (prisma-client.ts).
import pg from 'pg';

export type Db = Readonly<{ pool: pg.Pool; url: string }>;
/** What runs a raw statement: the pool, or the one connection of a transaction. */
export type Queryable = Pick<pg.Pool, 'query'>;

const OID_INT8 = 20;
const OID_DATE = 1082;

type TypeId = Parameters<typeof pg.types.getTypeParser>[0];

/** Session dates stay 'YYYY-MM-DD', and counters become numbers; numeric stays text, so that no digit is lost. */
const columnTypes = {
  getTypeParser(oid: TypeId, format?: 'text' | 'binary') {
    if (oid === OID_DATE) return (text: string) => text;
    if (oid === OID_INT8) return Number;
    return pg.types.getTypeParser(oid, format as 'text');
  },
};

export type DbOptions = Readonly<{
  databaseUrl: string;
  poolMax?: number;
  /** How long a statement waits for a connection. */
  connectWithinMs?: number;
  applicationName?: string;
  /** The server ends a transaction that says nothing for this long: a frozen process must not keep the others from its rows. */
  idleInTransactionMs?: number;
  /** A statement without an answer for this long rejects: its connection may be half open. By default it waits for ever. */
  answerWithinMs?: number;
}>;

export function createDb({
  databaseUrl,
  poolMax = 10,
  connectWithinMs = 5_000,
  applicationName = 'closebell',
  idleInTransactionMs = 15_000,
  answerWithinMs,
}: DbOptions): Db {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: poolMax,
    application_name: applicationName,
    connectionTimeoutMillis: connectWithinMs,
    keepAlive: true,
    idle_in_transaction_session_timeout: idleInTransactionMs,
    ...(answerWithinMs === undefined ? {} : { query_timeout: answerWithinMs }),
    types: columnTypes as pg.CustomTypesConfig,
  });
  // An idle connection that the server drops must not end the process; the next query opens another one.
  pool.on('error', () => {});
  // Nor one in use that is dropped between two statements of a transaction: the next statement rejects.
  pool.on('connect', (client) => client.on('error', () => {}));
  return { pool, url: databaseUrl };
}

export async function closeDb(db: Db): Promise<void> {
  await db.pool.end();
}

/** Keeps something in the transaction that makes `made`, such as who asked for it. */
export type AlsoKeep<T> = (client: Queryable, made: T) => Promise<void>;

export const keepNothingElse: AlsoKeep<unknown> = async () => {};

/** Runs reads that see the database as of one instant: what others write meanwhile must not be in one of them and missing from the next. */
export async function asOfOneInstant<T>(db: Db, read: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  return inTransaction(db, async (client) => {
    await client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    return read(client);
  });
}

/** Runs `work` in one transaction on one connection: all of it is kept, or nothing. */
export async function inTransaction<T>(db: Db, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await db.pool.connect();
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    client.release();
    return result;
  } catch (cause) {
    await rollBack(client);
    throw cause;
  }
}

async function rollBack(client: pg.PoolClient): Promise<void> {
  try {
    await client.query('ROLLBACK');
    client.release();
  } catch (cause) {
    // The connection itself is gone: with it went the transaction, and the pool must not hand it out again.
    client.release(cause instanceof Error ? cause : true);
  }
}
