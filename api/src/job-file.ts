// The file of a job, as an answer: the file, how the job stands while there is none yet, or why there will be none.
import { findExportFile } from '@closebell/prisma/export-files';
import type { JobRow } from '@closebell/prisma/jobs';
import { AppError } from '@closebell/shared/errors';
import { accepted } from './accepted.js';
import type { ApiContext } from './context.js';
import type { Reply } from './reply.js';
import { isEnded, statusOf } from './run-view.js';

/** The file where there is one, and null while the job goes on. Throws ERR_EXPORT_001 when it ended in vain, ERR_EXPORT_404 when there is none. */
export async function answerFile({ db }: Pick<ApiContext, 'db'>, job: JobRow): Promise<Reply | null> {
  const status = statusOf(job);
  if (!isEnded(status)) return null;
  const kept = await findExportFile(db.pool, job.id);
  if (kept !== null) return { status: 200, body: kept.file, headers: attachmentHeaders(kept.fileName, kept.contentType) };
  if (status === 'completed') throw new AppError('ERR_EXPORT_404');
  const error = job.error === null ? null : { code: job.error.code, message: job.error.message };
  throw new AppError('ERR_EXPORT_001', { details: { job_id: job.id, status, error } });
}

/** `fileName`: of letters that need no quoting. */
export function attachmentHeaders(fileName: string, contentType: string): Readonly<Record<string, string>> {
  return { 'Content-Type': contentType, 'Content-Disposition': `attachment; filename="${fileName}"` };
}

/** 202 while a file is being made. */
export function pendingFile(job: Pick<JobRow, 'id' | 'status' | 'started_at'>): Reply {
  const pollUrl = systemJobUrl(job.id);
  return accepted(pollUrl, {
    job_id: job.id,
    status: statusOf(job),
    poll_url: pollUrl,
    result_url: `${pollUrl}/result`,
    message: 'The file is being made. Ask poll_url how it stands.',
  });
}

export function systemJobUrl(jobId: string): string {
  return `/api/v1/system/jobs/${jobId}`;
}
