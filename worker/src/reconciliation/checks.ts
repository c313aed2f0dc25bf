// Everything that reconcile-jobs looks at, one line of the table each: what is wrong, what --apply does about it.
import type { Db } from '@closebell/prisma/client';
import {
  cancelLeftover,
  listAbandonedSlots,
  listExpiredLeases,
  listImportsWithoutJob,
  listLiveUnderEnded,
  listOrphanedClaims,
  listWaitingForNobody,
  listWrongChildCounts,
  recountChildren,
  releaseOrphanedClaim,
  removeAbandonedSlot,
  resubmitImport,
  wakeWaiting,
  type Discrepancy,
} from '@closebell/prisma/job-reconciliation';
import type { Transport } from '@closebell/shared/infra/queues';
import { listEntriesWithoutJob, listLostEntries, removeEntry, rescueAll } from './queue-entries.js';

export type Check = Readonly<{
  title: string;
  remedy: string;
  list: (db: Db, transport: Transport) => Promise<readonly Discrepancy[]>;
  repair: (db: Db, transport: Transport, found: readonly Discrepancy[]) => Promise<void>;
}>;

/** What is seen twice this far apart is no row in motion. */
export const APART_MS = 3_000;

const rescue: Check['repair'] = (db, transport) => rescueAll(db, transport, APART_MS);

/** In this order: a later repair meets what an earlier one left. */
export const CHECKS: readonly Check[] = [
  {
    title: 'live jobs of a run that has ended',
    remedy: 'those that wait are cancelled, those that run are asked to stop',
    list: (db) => listLiveUnderEnded(db.pool),
    repair: (db, _, found) => inTurn(found, (each) => cancelLeftover(db, each)),
  },
  {
    title: 'running jobs whose worker is gone',
    remedy: 'they are queued again, or end after their last try',
    list: (db) => listExpiredLeases(db.pool),
    repair: rescue,
  },
  {
    title: 'parents that count their children wrongly',
    remedy: 'the children are counted anew',
    list: (db) => listWrongChildCounts(db.pool),
    repair: (db, _, found) => inTurn(found, (each) => recountChildren(db, each)),
  },
  {
    title: 'parents that wait for nobody',
    remedy: 'they are queued again',
    list: (db) => listWaitingForNobody(db.pool),
    repair: (db, _, found) => inTurn(found, (each) => wakeWaiting(db, each)),
  },
  {
    title: 'queued jobs that the queue does not know',
    remedy: 'they are handed to the queue again',
    list: listLostEntries,
    repair: rescue,
  },
  {
    title: 'queue entries whose job has ended or is gone',
    remedy: 'they are removed from the queue',
    list: listEntriesWithoutJob,
    repair: (_, transport, found) => inTurn(found, (each) => removeEntry(transport, each)),
  },
  {
    title: 'portfolios claimed by a job that has ended',
    remedy: 'the claims are released',
    list: (db) => listOrphanedClaims(db.pool),
    repair: (db, _, found) => inTurn(found, (each) => releaseOrphanedClaim(db, each)),
  },
  {
    title: 'incomplete snapshots that nobody computes',
    remedy: 'they are removed; they were never shown',
    list: (db) => listAbandonedSlots(db.pool),
    repair: (db, _, found) => inTurn(found, (each) => removeAbandonedSlot(db, each)),
  },
  {
    title: 'imports without a job',
    remedy: 'they are submitted again; those older than 30 days end as failed',
    list: (db) => listImportsWithoutJob(db.pool),
    repair: (db, _, found) => inTurn(found, (each) => resubmitImport(db, each)),
  },
];

async function inTurn(found: readonly Discrepancy[], repair: (each: Discrepancy) => Promise<unknown>): Promise<void> {
  for (const each of found) await repair(each);
}
