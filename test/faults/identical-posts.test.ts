import { afterAll, beforeAll, expect, it } from 'vitest';
import { startApiProcess, type ApiProcess } from '../support/api-process.js';
import { createClient, quantiles } from '../support/load.js';

const POSTS = 500;

let api: ApiProcess;
beforeAll(async () => {
  api = await startApiProcess();
});
afterAll(() => api.stop());

it('500 identical calculate requests at once make one run, and each is answered with its id within a second', async () => {
  const user = await api.addUser();
  const client = createClient(api.url, { socketsMax: POSTS });
  const tookMs: number[] = [];
  const calculate = async (portfolioId: string) => {
    const startedAt = performance.now();
    const { status, body } = await client.send(`/api/v1/portfolio/${portfolioId}/calculate`, {
      method: 'POST',
      headers: user.headers,
    });
    tookMs.push(performance.now() - startedAt);
    return { status, runId: (JSON.parse(body) as { batch_run_id?: string }).batch_run_id };
  };
  // A process that has answered before, as any has that is up.
  await calculate(await api.addPortfolio(user.userId));
  const portfolioId = await api.addPortfolio(user.userId);
  tookMs.length = 0;
  const answers = await Promise.all(Array.from({ length: POSTS }, () => calculate(portfolioId)));
  client.close();
  const report = quantiles(tookMs);
  console.log('identical posts', report);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
  const { rows } = await api.db.pool.query<{ id: string }>(`SELECT id FROM jobs WHERE payload->>'portfolioId' = $1`, [
    portfolioId,
  ]);
  expect(new Set(answers.map(({ runId }) => runId))).toEqual(new Set(rows.map(({ id }) => id)));
  expect(rows).toHaveLength(1);
  expect(report.p99Ms).toBeLessThan(1_000);
});
