// npm run reconcile-jobs [-- --apply]
// Compares job rows with the queue and with each other, and lists what is not as it should be. A dry run unless --apply.
// Exit code 0: nothing is left to mend; 1: something is.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Discrepancy } from '@closebell/prisma/job-reconciliation';
import { createLogger } from '@closebell/shared/infra/logger';
import { createTransport, type Transport } from '@closebell/shared/infra/queues';
import { APART_MS, CHECKS, type Check } from '../reconciliation/checks.js';
import { runCommand, type Installation } from './run-command.js';

const SHOWN = 10;

await runCommand(reconcile);

async function reconcile({ db, config }: Installation): Promise<number> {
  const { values } = parseArgs({ options: { apply: { type: 'boolean' } } });
  const logger = createLogger({ name: 'reconcile-jobs', level: 'error' });
  const transport = await createTransport({ redisUrl: config.redisUrl, databaseUrl: db.url, logger });
  try {
    const before = await lookTwice(db, transport);
    for (const found of before) console.log(render(found));
    if (before.length === 0) console.log('Rows and queue agree.');
    if (before.length === 0) return 0;
    if (values.apply !== true) {
      console.log(`${count(before)} to mend. Nothing was changed. With --apply it is done.`);
      return 1;
    }
    for (const { check, discrepancies } of before) await check.repair(db, transport, discrepancies);
    const after = await lookTwice(db, transport);
    for (const found of after) console.log(`still there: ${render(found)}`);
    console.log(`${count(before)} to mend before, ${count(after)} after.`);
    return after.length === 0 ? 0 : 1;
  } finally {
    await transport.close();
  }
}

type Found = Readonly<{ check: Check; discrepancies: readonly Discrepancy[] }>;

/** Rows are in motion: only what stands unchanged at a second look counts. */
async function lookTwice(db: Installation['db'], transport: Transport): Promise<readonly Found[]> {
  const first = await look(db, transport);
  if (first.length === 0) return [];
  await sleep(APART_MS);
  const seen = new Set(first.flatMap(({ check, discrepancies }) => discrepancies.map((each) => keyOf(check, each))));
  return (await look(db, transport))
    .map(({ check, discrepancies }) => ({ check, discrepancies: discrepancies.filter((each) => seen.has(keyOf(check, each))) }))
    .filter(({ discrepancies }) => discrepancies.length > 0);
}

async function look(db: Installation['db'], transport: Transport): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const check of CHECKS) {
    const discrepancies = await check.list(db, transport);
    if (discrepancies.length > 0) found.push({ check, discrepancies });
  }
  return found;
}

function keyOf({ title }: Check, { id, state }: Discrepancy): string {
  return `${title} ${id} ${state}`;
}

function count(found: readonly Found[]): number {
  return found.reduce((sum, { discrepancies }) => sum + discrepancies.length, 0);
}

function render({ check, discrepancies }: Found): string {
  const more = discrepancies.length - SHOWN;
  return [
    `${discrepancies.length} ${check.title} (--apply: ${check.remedy})`,
    ...discrepancies.slice(0, SHOWN).map(({ id, text }) => `  ${id} ${text}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ].join('\n');
}
