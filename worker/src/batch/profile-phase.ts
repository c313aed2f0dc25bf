// Phase 0 of a run: the profiles that its symbols lack, before their prices.
import type { Ledger } from '@closebell/prisma/ledger';
import type { JobKind } from '@closebell/shared/jobs';
import { symbolsToCover } from '@closebell/shared/market-data/readiness';
import type { JobRun, WorkerContext } from '../context.js';
import { PHASES } from './phases.js';
import { fetchProfiles } from './profiles.js';

export type ProfilePhase = Readonly<{ ledgers: readonly Ledger[]; sessionDate: string; onboarding: boolean }>;

/** Gives warnings. Left out for a session before the current target session, unless the run is an onboarding. */
export async function profilePhase(
  context: WorkerContext,
  { hold, signal, phase, progress }: Pick<JobRun<JobKind>, 'hold' | 'signal' | 'phase' | 'progress'>,
  { ledgers, sessionDate, onboarding }: ProfilePhase,
): Promise<readonly string[]> {
  const { calendar, clock } = context;
  if (!onboarding && sessionDate < calendar.latestCompleteSession(clock())) return [];
  const lots = ledgers.flatMap((ledger) => ledger.lots);
  const { own, factors } = symbolsToCover(lots, sessionDate);
  const symbols = [...new Set([...own, ...factors])];
  const { number, name } = PHASES.securityProfiles;
  const onProgress = (done: number, total: number) => progress({ phase: number, phase_name: name, done, total, unit: 'symbols' });
  const { report } = await phase(PHASES.securityProfiles, async () => {
    const fetched = await fetchProfiles(context, { symbols, pace: 'run', hold, signal, onProgress });
    return { report: fetched, counts: { symbols: symbols.length, missing: fetched.due, profiles: fetched.stored } };
  });
  return report.warnings;
}
