// The figures that a ledger comes to when nothing goes wrong: computed once by one worker, one portfolio after the other, in a database
// where no fault is injected.
import { figuresOf, makeUser } from './ledger.js';
import { insertLedger, MODEL_NOW, type ModelLedger } from './model-ledger.js';
import { startWorker } from '@closebell/worker/worker';
import { createWorld, run } from './worker.js';

export type Reference = Readonly<{
  /** Up to a session; to the byte. */
  figures: (ledger: ModelLedger, lastSession: string) => Promise<string>;
  close: () => Promise<void>;
}>;

export async function openReference(): Promise<Reference> {
  const world = await createWorld({ now: MODEL_NOW });
  const worker = await startWorker(world.context, { schedules: false });
  const userId = await makeUser(world.db);
  const known = new Map<string, string>();
  const compute = async (ledger: ModelLedger, lastSession: string): Promise<string> => {
    const key = JSON.stringify([ledger, lastSession]);
    const before = known.get(key);
    if (before !== undefined) return before;
    const portfolioId = await insertLedger(world.db, userId, ledger);
    const { status } = await run(world.db, 'calculate-portfolio', { portfolioId, sessionDate: lastSession });
    if (status !== 'completed') throw new Error(`the reference run of ${key} ended ${status}`);
    const figures = await figuresOf(world.db, portfolioId);
    known.set(key, figures);
    return figures;
  };
  let turn: Promise<unknown> = Promise.resolve();
  return {
    figures: (ledger, lastSession) => {
      const mine = turn.then(() => compute(ledger, lastSession));
      turn = mine.catch(() => {});
      return mine;
    },
    close: async () => {
      await turn;
      await worker.stop();
      await world.close();
    },
  };
}
