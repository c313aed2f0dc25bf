// The portfolios a command is about, each with its plan or the reason why it has none.
import { listActivePortfolioIds } from '@closebell/prisma/active-portfolios';
import { loadLedgers, type Ledger } from '@closebell/prisma/ledger';
import { listStoredSessions, type StoredSession } from '@closebell/prisma/replays';
import { RefusedError, type Installation } from '../commands/run-command.js';
import type { Scope } from './arguments.js';
import type { Planned, Recomputation } from './plan.js';

const LEDGERS_AT_ONCE = 200;

type Plan = (subject: Readonly<{ ledger: Ledger; stored: readonly StoredSession[] }>) => Planned;

/**
 * Plans every portfolio of the scope and prints why one has nothing to do; none when all is there already. Throws RefusedError for a
 * single portfolio that is unknown or refused, and when all are.
 */
export async function planAll({ db }: Installation, scope: Scope, plan: Plan): Promise<readonly Recomputation[]> {
  const ids = scope === 'all' ? await listActivePortfolioIds(db.pool) : [scope.portfolioId];
  const plans: Recomputation[] = [];
  const refusals: string[] = [];
  let complete = 0;
  for (let at = 0; at < ids.length; at += LEDGERS_AT_ONCE) {
    for (const ledger of await loadLedgers(db.pool, ids.slice(at, at + LEDGERS_AT_ONCE))) {
      const planned = plan({ ledger, stored: await listStoredSessions(db.pool, ledger.portfolioId) });
      if (planned.ok) plans.push(planned.plan);
      else refusals.push(`portfolio ${ledger.portfolioId}: ${planned.refusal}`);
      if (!planned.ok && planned.isComplete) complete += 1;
    }
  }
  if (plans.length === 0 && complete === 0) throw new RefusedError(refusals[0] ?? unknown(scope));
  for (const refusal of refusals) console.log(`${refusal}; left alone`);
  return plans;
}

function unknown(scope: Scope): string {
  return scope === 'all' ? 'There is no active portfolio' : `There is no portfolio ${scope.portfolioId}`;
}
