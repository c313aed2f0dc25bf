// A change of the ledger that arrives while its portfolio is being computed: whenever that is, the figures in the end have it.
import { expect, test } from 'vitest';
import { inTransaction, type Db } from '@closebell/prisma/client';
import { submitJob } from '@closebell/prisma/jobs';
import { markWholeHistoryDirty } from '@closebell/prisma/portfolios';
import { pointText, selected, spawnFaultyWorker, type FaultPoint } from '../support/fault-points.js';
import { allFigures, remains, SESSION, type Scene } from '../support/fault-scenes.js';
import { rehearse, severalAtOnce } from '../support/fault-trials.js';
import { until } from '../support/until.js';
import { ended, spawnWorker } from '../support/worker.js';

const AT_ONCE = 3;

test('a lot added at any await of a calculation is in the figures in the end', async () => {
  const { scene, points } = await rehearse('calculate');
  const expected = await figuresWithChange(scene);
  // Fetching prices goes round for every symbol: its first round stands for all.
  const awaits = selected(points.steady).filter(
    ({ when, name, occurrence }) => when === 'after' && !(name.startsWith('storeFetchedBars') && occurrence > 1),
  );
  const findings = await severalAtOnce(AT_ONCE, awaits, (point) =>
    changeAt(scene, point, expected).catch((error: unknown) => [`${pointText(point)}: ${String(error)}`]),
  );
  console.log(
    `a change at ${awaits.length} awaits: ${findings.filter((found) => found.length === 0).length} ended with it in the figures`,
  );
  expect(findings.flat()).toEqual([]);
});

/** As a user's edit comes in: the lot, what it makes void and the wish for new figures in one transaction. */
async function change(db: Db): Promise<string> {
  return inTransaction(db, async (client) => {
    const { rows } = await client.query<{ id: string }>(`SELECT id FROM portfolios`);
    const portfolioId = rows[0]!.id;
    await client.query(
      `INSERT INTO positions (portfolio_id, symbol, investment_class, quantity, entry_price, entry_date) VALUES ($1, 'AAPL', 'PUBLIC', 11, 190.5, '2025-05-05')`,
      [portfolioId],
    );
    await markWholeHistoryDirty(client, portfolioId);
    const payload = { portfolioId, sessionDate: SESSION };
    return (await submitJob(client, 'calculate-portfolio', payload, { trigger: 'user' })).jobId;
  });
}

async function figuresWithChange(scene: Scene): Promise<string> {
  const copy = await scene.copy();
  await change(copy.db);
  const worker = spawnWorker(copy.env);
  try {
    await ended(copy.db, scene.jobId, 60_000);
    return await allFigures(copy.db);
  } finally {
    await worker.kill('SIGKILL');
    await copy.close();
  }
}

async function changeAt(scene: Scene, point: FaultPoint, expected: string): Promise<readonly string[]> {
  const copy = await scene.copy();
  const worker = await spawnFaultyWorker(copy.env, { point, does: 'wait' });
  try {
    await until('the worker waits', () => worker.noted().length > 0, 120_000);
    // Where the worker holds the portfolio's row the change waits for it, and it goes on by itself.
    const jobId = await change(copy.db);
    worker.goOn();
    await Promise.all([ended(copy.db, scene.jobId, 60_000), ended(copy.db, jobId, 60_000)]);
    const findings = [...(await remains(copy.db, scene))];
    if ((await allFigures(copy.db)) !== expected) findings.push('the figures lack the change');
    return findings.map((finding) => `${pointText(point)}: ${finding}`);
  } finally {
    await worker.kill('SIGKILL');
    await copy.close();
  }
}
