// npm run backfill -- --from <session> --to <session> --portfolio <id> | --all [--apply]
// Computes the snapshots that are missing in a range. A dry run unless --apply. Exit code 0: done, or nothing was missing; 1: refused;
// 2: a run did not complete, or waits for a worker.
import { parseArgs } from 'node:util';
import { ledgerStart } from '../batch/plan-calculation.js';
import { readScope, readSession } from '../replay/arguments.js';
import { planBackfill, refuse, type Recomputation } from '../replay/plan.js';
import { recomputeAll } from '../replay/recompute.js';
import { planAll } from '../replay/subjects.js';
import { RefusedError, runCommand, type Installation } from './run-command.js';

const INCOMPLETE = 2;
const DATES_SHOWN = 10;

await runCommand(backfill);

async function backfill(installation: Installation): Promise<number> {
  const { db, calendar, now } = installation;
  const { values } = parseArgs({
    options: {
      portfolio: { type: 'string' },
      all: { type: 'boolean' },
      from: { type: 'string' },
      to: { type: 'string' },
      apply: { type: 'boolean' },
    },
  });
  const scope = readScope(values);
  const range = { from: readSession(calendar, now, 'from', values.from), to: readSession(calendar, now, 'to', values.to) };
  if (range.from > range.to) throw new RefusedError(`--from ${range.from} is after --to ${range.to}`);
  const latest = calendar.latestCompleteSession(now);
  const plans = await planAll(installation, scope, (subject) => {
    const start = ledgerStart(calendar, subject.ledger);
    // Of one portfolio every session of the range is meant; of all, those that each can have.
    if (scope !== 'all' && range.from < start) return refuse(`its history begins with ${start}, after ${range.from}`);
    return planBackfill({ calendar, ...subject }, range, latest);
  });
  if (plans.length === 0) return 0;
  for (const plan of plans) console.log(describe(plan));
  if (values.apply !== true) {
    console.log('Nothing was changed. With --apply it is done.');
    return 0;
  }
  const areComplete = await recomputeAll(db, plans, { action: 'backfill', details: range, print: console.log });
  return areComplete ? 0 : INCOMPLETE;
}

function describe({ portfolioId, missing, sessions, from, to, whole, equityAsOf }: Recomputation): string {
  const dates = `${missing.slice(0, DATES_SHOWN).join(', ')}${missing.length > DATES_SHOWN ? ', …' : ''}`;
  return [
    `portfolio ${portfolioId}: ${missing.length} session(s) are missing: ${dates}`,
    `  ${sessions} session(s) from ${from} to ${to} are computed${whole ? `, the whole history: the stated balance is of ${equityAsOf}` : ''}`,
  ].join('\n');
}
