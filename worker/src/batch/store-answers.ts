// What providers answered for some symbols, on its way into the database: bars that are believed as prices, the others beside them.
import { inHeldTransaction, type JobHold } from '@closebell/prisma/job-runs';
import { storeFetchedBars } from '@closebell/prisma/price-inserts';
import { recordQuarantinedBars, type QuarantinedBar } from '@closebell/prisma/quarantined-bars';
import { quarantineReasons, type BarAnswer } from '../market-data/fetch-bars.js';
import type { WorkerContext } from '../context.js';

export type SymbolAnswers = Readonly<{
  symbol: string;
  /** The sessions that were asked for. */
  asked: readonly string[];
  /** The first counts; the others have sessions it lacks. */
  answers: readonly BarAnswer[];
  quarantined: readonly QuarantinedBar[];
}>;

export type StoredBars = Readonly<{ inserted: number; revised: number }>;

/** No two of them of one symbol. */
export async function storeAnswers(
  { db, metrics }: Pick<WorkerContext, 'db' | 'metrics'>,
  fetched: readonly SymbolAnswers[],
  { targetSession, hold }: Readonly<{ targetSession: string; hold: JobHold }>,
): Promise<StoredBars> {
  if (fetched.length === 0) return { inserted: 0, revised: 0 };
  const quarantined = fetched.flatMap((one) => one.quarantined);
  await quarantine({ db, metrics }, hold, quarantined);
  const items = fetched.map((one) => ({ ...one, reasons: quarantineReasons(one.quarantined) }));
  const { inserted, revised } = await storeFetchedBars(db, hold, items, targetSession);
  metrics.count('closebell_bars_inserted_total', {}, inserted);
  return { inserted, revised };
}

async function quarantine(
  { db, metrics }: Pick<WorkerContext, 'db' | 'metrics'>,
  hold: JobHold,
  bars: readonly QuarantinedBar[],
): Promise<void> {
  if (bars.length === 0) return;
  const recorded = await inHeldTransaction(db, hold, (client) => recordQuarantinedBars(client, bars));
  for (const { provider } of recorded) metrics.count('closebell_bars_quarantined_total', { provider });
}
