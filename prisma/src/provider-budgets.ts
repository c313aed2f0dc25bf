// The requests that each provider's plan allows, shared by all workers: whoever takes some holds the provider's row. By the database's clock.
import type { RequestBudget } from '@closebell/shared/market-data/provider';
import { requestsLeft, takeRequests, type Spending, type Spent } from '@closebell/shared/market-data/request-budget';
import { inTransaction, type Db, type Queryable } from './client.js';

/**
 * Takes the requests from the plan, or says how many milliseconds to wait before they can be taken; 0: they were. A provider that said to
 * wait gives none before.
 */
export async function takeFromBudget(db: Db, provider: string, budget: RequestBudget, requests: number): Promise<number> {
  return inTransaction(db, async (client) => {
    const { rows } = await client.query<{ minute: Spent; day: Spent; blocked_ms: number; now_ms: number }>(
      `INSERT INTO provider_budgets AS budget (provider, per_minute, per_day) VALUES ($1, $2, $3)
       ON CONFLICT (provider) DO UPDATE SET per_minute = EXCLUDED.per_minute, per_day = EXCLUDED.per_day
       RETURNING minute_spent AS minute, day_spent AS day, (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now_ms,
         greatest(0, ceil(extract(epoch FROM blocked_until - clock_timestamp()) * 1000))::float8 AS blocked_ms`,
      [provider, budget.perMinute, budget.perDay],
    );
    const { minute, day, blocked_ms: blockedMs, now_ms: nowMs } = rows[0]!;
    if (blockedMs > 0) return blockedMs;
    const { spending, waitMs } = takeRequests({ minute, day }, budget, requests, nowMs);
    if (waitMs === 0 && spending.minute.length + spending.day.length > 0) await storeSpending(client, provider, spending);
    return Math.ceil(waitMs);
  });
}

async function storeSpending(client: Queryable, provider: string, { minute, day }: Spending): Promise<void> {
  await client.query(`UPDATE provider_budgets SET minute_spent = $2, day_spent = $3 WHERE provider = $1`, [
    provider,
    JSON.stringify(minute),
    JSON.stringify(day),
  ]);
}

/**
 * The provider said to wait: nobody asks it anything for so long. False when it had said so before and the time is not over: answers to
 * requests that were under way are no news.
 */
export async function blockProvider(client: Queryable, provider: string, waitMs: number, reason: string): Promise<boolean> {
  const { rowCount } = await client.query(
    `INSERT INTO provider_budgets AS budget (provider, blocked_until, blocked_reason)
     VALUES ($1, clock_timestamp() + make_interval(secs => $2), $3)
     ON CONFLICT (provider) DO UPDATE SET blocked_until = EXCLUDED.blocked_until, blocked_reason = EXCLUDED.blocked_reason
     WHERE budget.blocked_until IS NULL OR budget.blocked_until <= clock_timestamp()`,
    [provider, waitMs / 1_000, reason],
  );
  return rowCount === 1;
}

export type ProviderBudgetRow = Readonly<{
  provider: string;
  plan: RequestBudget;
  left: RequestBudget;
  /** Null unless the provider said to wait and the time is not over. */
  blockedUntil: Date | null;
  blockedReason: string | null;
}>;

/** Of every provider that was ever asked. */
export async function listProviderBudgets(client: Queryable): Promise<readonly ProviderBudgetRow[]> {
  const { rows } = await client.query<Omit<ProviderBudgetRow, 'left'> & { spending: Spending; nowMs: number }>(
    `SELECT provider, json_build_object('perMinute', per_minute, 'perDay', per_day) AS plan,
       json_build_object('minute', minute_spent, 'day', day_spent) AS spending,
       (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS "nowMs",
       CASE WHEN blocked_until > clock_timestamp() THEN blocked_until END AS "blockedUntil",
       CASE WHEN blocked_until > clock_timestamp() THEN blocked_reason END AS "blockedReason"
     FROM provider_budgets ORDER BY provider`,
  );
  return rows.map(({ spending, nowMs, ...row }) => ({ ...row, left: requestsLeft(spending, row.plan, nowMs) }));
}
