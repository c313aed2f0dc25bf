import { listSymbolsInUse } from '@closebell/prisma/symbol-coverage';
import { PHASES } from '../batch/phases.js';
import { fetchProfiles } from '../batch/profiles.js';
import type { Handler } from '../context.js';

/** The profiles of all symbols in use that are missing or old. What a try has stored, the next one does not ask for. */
export const refreshProfiles: Handler<'refresh-profiles'> = async (context, { hold, signal, progress }) => {
  const symbols = await listSymbolsInUse(context.db.pool, context.calendar.latestCompleteSession(context.clock()));
  const { number, name } = PHASES.securityProfiles;
  const onProgress = (done: number, total: number) => progress({ phase: number, phase_name: name, done, total, unit: 'symbols' });
  const { due, stored, warnings } = await fetchProfiles(context, { symbols, pace: 'weekly', hold, signal, onProgress });
  return { outcome: 'done', result: { symbols: symbols.length, due, stored, warnings } };
};
