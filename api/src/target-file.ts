// An uploaded file of target prices: all of it, or everything that is wrong with it.
import { readTargetPrices, type ParsedTargetPrice } from '@closebell/shared/csv/read-target-prices';
import { ROW_ERRORS_LISTED_MAX } from '@closebell/shared/csv/validate';
import { AppError } from '@closebell/shared/errors';
import type { Metrics } from '@closebell/shared/metrics';
import type { Upload } from './uploads.js';

type TargetFile = Readonly<{ targets: readonly ParsedTargetPrice[]; warnings: readonly string[] }>;

/** Throws ERR_PORT_007 without a file, the file's own ERR_CSV code, or ERR_PORT_008 with the faults of the rows. */
export function requireTargetFile({ file }: Upload, metrics: Metrics): TargetFile {
  if (file === null) throw new AppError('ERR_PORT_007');
  const read = readTargetPrices(file.bytes);
  for (const { code } of read.ok ? read.errors : [read.fileError]) metrics.count('closebell_csv_errors_total', { code });
  if (!read.ok) throw new AppError(read.fileError.code, { message: read.fileError.message });
  const { targets, errors, warnings } = read;
  if (errors.length === 0) return { targets, warnings };
  throw new AppError('ERR_PORT_008', {
    details: { errors: errors.slice(0, ROW_ERRORS_LISTED_MAX), total_errors: errors.length },
  });
}
