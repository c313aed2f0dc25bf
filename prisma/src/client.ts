// The one connection to Postgres: Prisma for plain records, the raw pool for job rows, claims, ledger and bulk figures.
// A transaction is all of the one or all of the other.
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from './generated/client.js';

export type Db = Readonly<{ prisma: PrismaClient; pool: pg.Pool; url: string }>;
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

export type DbOptions = Readonly<{ databaseUrl: string; poolMax?: number; applicationName?: string }>;

export function createDb({ databaseUrl, poolMax = 10, applicationName = 'closebell' }: DbOptions): Db {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: poolMax,
    application_name: applicationName,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    types: columnTypes as pg.CustomTypesConfig,
  });
  // An idle connection that the server drops must not end the process; the next query opens another one.
  pool.on('error', () => {});
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
  return { prisma, pool, url: databaseUrl };
}

export async function closeDb(db: Db): Promise<void> {
  await db.prisma.$disconnect();
  await db.pool.end();
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
