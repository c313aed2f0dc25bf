// The hold of a running job, for what only a job may write, without a worker.
import type { Db } from '@closebell/prisma/client';
import { claimJob, type JobHold } from '@closebell/prisma/job-runs';
import { findJob, submitJob } from '@closebell/prisma/jobs';
import { randomUUID } from 'node:crypto';

const LEASE_MS = 60_000;

export async function takeHold(db: Db, leaseMs = LEASE_MS): Promise<JobHold> {
  const { jobId: id } = await submitJob(db.pool, 'ping', { nonce: randomUUID() }, { trigger: 'user' });
  const { fence } = (await findJob(db.pool, id))!;
  if ((await claimJob(db.pool, id, fence, leaseMs)) === null) throw new Error(`job ${id} was taken by another worker`);
  return { id, fence, leaseMs };
}
