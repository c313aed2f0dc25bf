// A job as whoever asked for it sees it. Pure.
import type { ExportFileHead } from '@closebell/prisma/export-files';
import type { JobRow } from '@closebell/prisma/jobs';
import type { SystemJob } from '@closebell/shared/contracts/system-jobs';
import { systemJobUrl } from './job-file.js';
import { isEnded, statusOf } from './run-view.js';

export function viewSystemJob(job: JobRow, file: ExportFileHead | null): SystemJob {
  const status = statusOf(job);
  const hasEnded = isEnded(status);
  const url = systemJobUrl(job.id);
  return {
    job_id: job.id,
    kind: job.kind,
    status,
    progress: job.progress === null ? null : viewProgress(job.progress),
    created_at: job.created_at.toISOString(),
    started_at: job.started_at?.toISOString() ?? null,
    finished_at: job.finished_at?.toISOString() ?? null,
    // While it is live the row may carry the error of a try that is being repeated.
    error: hasEnded && job.error !== null ? { code: job.error.code, message: job.error.message } : null,
    file: file && { file_name: file.fileName, content_type: file.contentType, bytes: file.bytes },
    result_url: file && `${url}/result`,
    cancel_url: hasEnded ? null : `${url}/cancel`,
  };
}

function viewProgress({ phase_name, done, total, unit }: NonNullable<JobRow['progress']>): SystemJob['progress'] {
  return { phase_name, done, total, unit };
}
