// A change that comes between a request's first look and its turn at the ledger.
import { inTransaction, type Db } from '@closebell/prisma/client';
import { lockLedger } from '@closebell/prisma/ledger-changes';
import { until } from './until.js';

/** What the request answers when, while it waits for the ledger of the portfolio, the statement changes what it has looked at: $1 is `id`. */
export async function overtaken<T>(
  db: Db,
  portfolioId: string,
  { statement, id, request }: Readonly<{ statement: string; id: string; request: () => Promise<T> }>,
): Promise<T> {
  const { answer } = await inTransaction(db, async (client) => {
    await lockLedger(client, portfolioId);
    const sent = { answer: request() };
    await until('the request waits for the ledger', async () => {
      const { rowCount } = await db.pool.query(
        `SELECT 1 FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%FROM portfolios WHERE id = $1%FOR NO KEY UPDATE'`,
      );
      return rowCount !== 0;
    });
    await client.query(statement, [id]);
    return sent;
  });
  return answer;
}
