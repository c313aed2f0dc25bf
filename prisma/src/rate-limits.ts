// Where requests are counted when there is no Redis. Unlogged: a crash forgives a minute's count, and counting waits for no disk.
import { inTransaction, type Db } from './client.js';

export const RATE_LIMIT_SCHEMA = 'rate_limits';
export const RATE_LIMIT_TABLE = 'counters';

/** Makes the table if it is missing. It has a schema of its own, as the queue's tables have: neither is a record of ours. */
export async function prepareRateLimitTable(db: Db): Promise<void> {
  await inTransaction(db, async (client) => {
    // Two processes making the same schema at once would collide in the catalogue.
    await client.query(`SELECT pg_advisory_xact_lock(hashtext('closebell rate limits'))`);
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${RATE_LIMIT_SCHEMA}`);
    await client.query(
      `CREATE UNLOGGED TABLE IF NOT EXISTS ${RATE_LIMIT_SCHEMA}.${RATE_LIMIT_TABLE} (
         key varchar(255) PRIMARY KEY, points integer NOT NULL DEFAULT 0, expire bigint)`,
    );
  });
}
