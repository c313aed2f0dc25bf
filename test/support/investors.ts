// Users of a running API and their portfolios, many at a time: accounts over HTTP, ledgers in bulk as an import leaves them.
import type { Db } from '@closebell/prisma/client';
import { randomUUID } from 'node:crypto';
import { TEST_INVITE_CODE, TEST_PASSWORD } from './app.js';
import { FLEET_SESSION } from './fleet.js';

export type Investor = Readonly<{ userId: string; headers: Readonly<Record<string, string>> }>;
export type OwnedPortfolio = Readonly<{ id: string; owner: Investor }>;

const AT_ONCE = 4;

export async function registerInvestors(url: string, total: number): Promise<readonly Investor[]> {
  return await eachOf(
    Array.from({ length: total }, () => `${randomUUID()}@example.com`),
    AT_ONCE,
    (email) => register(url, email),
  );
}

async function register(url: string, email: string): Promise<Investor> {
  const account = { email, password: TEST_PASSWORD, full_name: 'Ada Test', invite_code: TEST_INVITE_CODE };
  await post(`${url}/api/v1/onboarding/register`, account);
  const reply = await post(`${url}/api/v1/auth/login`, { email, password: TEST_PASSWORD });
  const { access_token: token, user } = reply as Readonly<{ access_token: string; user: Readonly<{ id: string }> }>;
  return { userId: user.id, headers: { Authorization: `Bearer ${token}` } };
}

async function post(url: string, body: unknown): Promise<unknown> {
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`POST ${url}: ${response.status} ${await response.text()}`);
  return await response.json();
}

export const SYMBOLS = ['AAPL', 'MSFT', 'JNJ', 'XOM', 'KO', 'SPY'] as const;
export const FIRST_ENTRY = '2025-05-15';

/** Portfolios in turn for each investor, of two lots; every one has as many sessions of history. */
export async function makePortfolios(db: Db, investors: readonly Investor[], total: number): Promise<readonly OwnedPortfolio[]> {
  const portfolios = Array.from({ length: total }, (_, n) => ({ id: randomUUID(), owner: investors[n % investors.length]! }));
  const ids = portfolios.map(({ id }) => id);
  await db.pool.query(
    `INSERT INTO portfolios (id, user_id, name, account_name, account_type, equity_balance, equity_as_of, opened_on)
     SELECT id, user_id, 'Portfolio', id::text, 'taxable', 250000, $3, $3 FROM unnest($1::uuid[], $2::uuid[]) AS given (id, user_id)`,
    [ids, portfolios.map(({ owner }) => owner.userId), FLEET_SESSION],
  );
  await db.pool.query(
    `INSERT INTO positions (portfolio_id, symbol, quantity, entry_price, entry_date, investment_class)
     SELECT id, ($2::text[])[1 + (n + lot) % $3], 10 + n % 7, 100 + n % 50, $4, 'PUBLIC'
     FROM unnest($1::uuid[]) WITH ORDINALITY AS given (id, n), generate_series(0, 1) AS lot`,
    [ids, SYMBOLS, SYMBOLS.length, FIRST_ENTRY],
  );
  return portfolios;
}

/** One question for figures. The run's id when it was accepted, else the status; null when no answer came. */
export async function askForFigures(
  url: string,
  { id, owner }: OwnedPortfolio,
  { force = false }: Readonly<{ force?: boolean }> = {},
): Promise<Readonly<{ status: number | null; runId: string | null }>> {
  try {
    const response = await fetch(`${url}/api/v1/portfolio/${id}/calculate${force ? '?force=true' : ''}`, {
      method: 'POST',
      headers: owner.headers,
      signal: AbortSignal.timeout(15_000),
    });
    const body = (await response.json()) as Readonly<{ batch_run_id?: string }>;
    return { status: response.status, runId: response.status === 202 ? body.batch_run_id! : null };
  } catch {
    return { status: null, runId: null };
  }
}

/** Runs `work` for every item, `atOnce` at a time; results in the order of the items. */
export async function eachOf<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index]!, index);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return results;
}
