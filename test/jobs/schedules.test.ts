// Schedules: every due time once, over clock changes, holidays and days without anybody running.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dueTimesOf, submitDueTicks, submitDueTicksOf } from '@closebell/worker/schedules';
import { createWorld, type TestWorld } from '../support/worker.js';

let world: TestWorld;
beforeAll(async () => {
  world = await createWorld({ now: '2025-03-06T23:00:00Z' });
});
afterAll(() => world.close());

const batches = async () => {
  const { rows } = await world.db.pool.query<{ session: string; trigger: string }>(
    `SELECT payload->>'sessionDate' AS session, trigger FROM jobs WHERE kind = 'run-batch' ORDER BY created_at, payload->>'sessionDate'`,
  );
  return rows.map(({ session, trigger }) => `${session} ${trigger}`);
};

describe('the nightly batch', () => {
  test('is due at 17:30 in New York on weekdays, whatever the offset of the day', () => {
    // The clocks go forward on Sunday 9 March 2025.
    const due = dueTimesOf('nightly-batch', new Date('2025-03-11T22:00:00Z'));
    expect(due.map((date) => date.toISOString())).toEqual([
      '2025-03-04T22:30:00.000Z',
      '2025-03-05T22:30:00.000Z',
      '2025-03-06T22:30:00.000Z',
      '2025-03-07T22:30:00.000Z',
      '2025-03-10T21:30:00.000Z',
      '2025-03-11T21:30:00.000Z',
    ]);
  });

  test('of a new installation begins with the latest due time, and several workers make it once', async () => {
    await Promise.all([submitDueTicksOf(world.context, 'nightly-batch'), submitDueTicksOf(world.context, 'nightly-batch')]);
    expect(await batches()).toEqual(['2025-03-06 schedule']);
  });

  test('missed for days over a clock change is made good, each session exactly once', async () => {
    world.setNow('2025-03-11T23:00:00Z');
    await Promise.all([submitDueTicks(world.context), submitDueTicks(world.context)]);
    await submitDueTicks(world.context);
    expect(await batches()).toEqual(['2025-03-06 schedule', '2025-03-07 catch-up', '2025-03-10 catch-up', '2025-03-11 schedule']);
  });

  test('on a holiday is for the session before, which then has nothing to do', async () => {
    const finish = () => world.db.pool.query(`UPDATE jobs SET status = 'completed', finished_at = now() WHERE status = 'queued'`);
    for (const now of ['2025-04-17T23:00:00Z', '2025-04-18T23:00:00Z']) {
      await finish();
      world.setNow(now);
      await submitDueTicksOf(world.context, 'nightly-batch');
    }
    expect((await batches()).slice(-2)).toEqual(['2025-04-17 schedule', '2025-04-17 schedule']);
  });
});
