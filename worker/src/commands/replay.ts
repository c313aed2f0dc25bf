// npm run replay -- --portfolio <id> | --all --after <session> [--apply]
// Computes the sessions after a last good one again from the ledger and compares them with what stood there before. A dry run unless
// --apply. Exit code 0: done, equal or not; 1: refused; 2: a run did not complete, or waits for a worker.
import { parseArgs } from 'node:util';
import { readScope, readSession } from '../replay/arguments.js';
import { planReplay, type Recomputation } from '../replay/plan.js';
import { recomputeAll } from '../replay/recompute.js';
import { planAll } from '../replay/subjects.js';
import { runCommand, type Installation } from './run-command.js';

const INCOMPLETE = 2;

await runCommand(replay);

async function replay(installation: Installation): Promise<number> {
  const { db, calendar, now } = installation;
  const { values } = parseArgs({
    options: { portfolio: { type: 'string' }, all: { type: 'boolean' }, after: { type: 'string' }, apply: { type: 'boolean' } },
  });
  const scope = readScope(values);
  const after = readSession(calendar, now, 'after', values.after);
  const latest = calendar.latestCompleteSession(now);
  const plans = await planAll(installation, scope, (subject) => planReplay({ calendar, ...subject }, after, latest));
  for (const plan of plans) console.log(describe(plan, after));
  if (values.apply !== true) {
    console.log('Nothing was changed. With --apply it is done.');
    return 0;
  }
  const areComplete = await recomputeAll(db, plans, { action: 'replay', details: { after }, print: console.log });
  return areComplete ? 0 : INCOMPLETE;
}

function describe(plan: Recomputation, after: string): string {
  const { portfolioId, lastGood, sessions, from, to, whole, equityAsOf, unexplained } = plan;
  const range = `${sessions} session(s) from ${from} to ${to}`;
  const good = lastGood === null ? `no snapshot of ${after}` : `equity ${lastGood.equity} on ${lastGood.date}`;
  return [
    `portfolio ${portfolioId}: ${good}; ${range} are computed again`,
    ...(whole
      ? [`  the whole history: the stated balance is of ${equityAsOf}, and what is before and after it follows from it`]
      : []),
    ...(!whole && from <= after ? [`  from before ${after}, because a change since ${from} waits to be computed anyway`] : []),
    ...(unexplained.length > 0
      ? [`  ${unexplained.length} snapshot(s) that no session explains are removed: ${unexplained.join(', ')}`]
      : []),
  ].join('\n');
}
