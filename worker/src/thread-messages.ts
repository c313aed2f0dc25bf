// What the main thread and a job thread say to each other. Messages are copies: rows and outcomes pass as they are, errors are packed.
import type { JobHold } from '@closebell/prisma/job-runs';
import type { JobRow } from '@closebell/prisma/jobs';
import type { Config } from '@closebell/shared/config';
import type { Outcome } from './context.js';
import type { PackedError } from './packed-error.js';

/** What a thread is started with. */
export type ThreadStart = Readonly<{ config: Config; databaseUrl: string }>;

export type ToThread =
  | Readonly<{ type: 'run'; job: JobRow; hold: JobHold }>
  | Readonly<{ type: 'abort'; key: string; reason: string }>
  | Readonly<{ type: 'close' }>;

export type FromThread = Readonly<{ type: 'ready' }> | Readonly<{ type: 'ended'; key: string; end: RunEnd }>;

export type RunEnd = Readonly<{ ok: true; outcome: Outcome }> | Readonly<{ ok: false; error: PackedError }>;

/** Names one try of one job: the same job may come again under a newer fence while its last handler still winds up. */
export function runKey({ id, fence }: Pick<JobHold, 'id' | 'fence'>): string {
  return `${id} ${fence}`;
}
