// The one file of a job: made by the first try that comes through, found by every later one.
import { findExportFileHead, insertExportFile, type ExportFile } from '@closebell/prisma/export-files';
import type { Handler, JobRun, Outcome, WorkerContext } from '../context.js';

/** `make` gives null where the portfolio is gone. */
export async function keepFile(
  { db }: Pick<WorkerContext, 'db'>,
  { job, hold, signal, progress }: Pick<JobRun<'build-export' | 'build-report'>, 'job' | 'hold' | 'signal' | 'progress'>,
  make: () => Promise<ExportFile | null>,
): ReturnType<Handler<'build-export'>> {
  const kept = await findExportFileHead(db.pool, job.id);
  if (kept !== null) return made(kept);
  progress({ phase: 0, phase_name: 'making the file', done: 0, total: 1, unit: 'files' });
  const file = await make();
  if (file === null) return { outcome: 'stop', code: 'ERR_JOB_003', message: 'the portfolio is gone' };
  signal.throwIfAborted();
  await insertExportFile(db, hold, file);
  return made({ ...file, bytes: file.file.byteLength });
}

function made({ fileName, contentType, bytes }: Readonly<{ fileName: string; contentType: string; bytes: number }>): Outcome {
  return { outcome: 'done', result: { file_name: fileName, content_type: contentType, bytes } };
}
