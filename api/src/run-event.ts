// A run as one server-sent event. Pure, but for the hash.
import type { Run } from '@closebell/prisma/runs';
import { createHash } from 'node:crypto';
import { viewCalculation } from './calculation-view.js';
import { isEnded } from './run-view.js';

export type RunEvent = Readonly<{
  /** Of what is shown, the running clock left out: two events with the same version say the same. */
  version: string;
  status: string;
  isEnded: boolean;
  /** The body of batch-status. */
  body: ReturnType<typeof viewCalculation>;
}>;

export function viewRunEvent(run: Run, portfolioId: string): RunEvent {
  const body = viewCalculation(run, portfolioId);
  const still = { ...body, elapsed_seconds: 0, progress: { ...body.progress, eta_seconds: 0 } };
  const version = createHash('sha256').update(JSON.stringify(still)).digest('base64url').slice(0, 22);
  return { version, status: body.status, isEnded: isEnded(body.status), body };
}
