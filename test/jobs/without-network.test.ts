// The default provider on a machine that has no way to it: a calculation ends all the same, soon, and says what is missing and why.
import { listProviderCircuits } from '@closebell/prisma/provider-circuits';
import { parseConfig } from '@closebell/shared/config';
import { freePort } from '@closebell/shared/infra/free-port';
import { gateProviders } from '@closebell/worker/market-data/provider-gate';
import { createProviders } from '@closebell/worker/market-data/providers';
import { expect, test } from 'vitest';
import { makePortfolio } from '../support/ledger.js';
import { createWorld, run, withWorker } from '../support/worker.js';

const SESSION = '2025-06-20';

test('a first calculation completes within seconds, with the entry prices and the reason', async () => {
  const nobody = `http://127.0.0.1:${await freePort()}`;
  const parsed = parseConfig({ ENVIRONMENT: 'test', YAHOO_BASE_URL: nobody });
  if (!parsed.ok) throw new Error(parsed.faults.join());
  const world = await createWorld({ now: `${SESSION}T22:00:00Z`, providers: [] });
  try {
    const context = { ...world.context, providers: gateProviders(world.db, createProviders(parsed.config)) };
    expect(context.providers.map(({ name }) => name)).toEqual(['yahoo']);
    const lots = Array.from({ length: 25 }, (_, i) => ({
      symbol: `S${i}`,
      quantity: '1',
      entryPrice: '100',
      entryDate: '2025-06-02',
    }));
    const portfolioId = await makePortfolio(world.db, { asOf: '2025-06-02', lots });
    const startedAt = performance.now();
    const job = await withWorker({ context }, () => run(world.db, 'calculate-portfolio', { portfolioId, sessionDate: SESSION }));
    expect(performance.now() - startedAt).toBeLessThan(15_000);
    expect(job.status).toBe('completed');
    const { rows } = await world.db.pool.query<{ result: { warnings: string[] } }>(
      `SELECT result FROM jobs WHERE parent_id = $1`,
      [job.id],
    );
    expect(rows[0]!.result.warnings[0]).toMatch(
      /^yahoo gives no prices at present: Yahoo could not be reached: ECONNREFUSED\. It is tried again after \d\d:\d\d UTC\. The next run fetches/,
    );
    const circuits = await listProviderCircuits(world.db.pool);
    expect(circuits.find(({ capability }) => capability === 'dailyBars')).toMatchObject({ provider: 'yahoo', state: 'open' });
    const values = await world.db.pool.query(`SELECT DISTINCT price_source, price FROM position_values WHERE portfolio_id = $1`, [
      portfolioId,
    ]);
    expect(values.rows).toEqual([{ price_source: 'no_price', price: '100.000000' }]);
  } finally {
    await world.close();
  }
});
