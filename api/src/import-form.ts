// An upload to what an import needs, or to everything that is wrong with its form.
import {
  readPortfolioForm,
  type FormIssue,
  type FormOptions,
  type PortfolioForm,
} from '@closebell/shared/contracts/portfolio-form';
import { AppError, ERRORS } from '@closebell/shared/errors';
import type { Upload } from './uploads.js';

export type ImportForm = Readonly<{ form: PortfolioForm; file: NonNullable<Upload['file']> }>;

/** Throws the first fault's code, with all of them in details.issues. */
export function requireForm({ fields, file }: Upload, options: FormOptions): ImportForm {
  const read = readPortfolioForm(fields, options);
  if (read.ok && file !== null) return { form: read.form, file };
  const issues: readonly FormIssue[] = [...(read.ok ? [] : read.issues), ...(file === null ? [NO_FILE] : [])];
  const [first = NO_FILE] = issues;
  const message = first.code === 'ERR_REQ_001' ? `${first.path} ${first.message}` : first.message;
  throw new AppError(first.code, { message, details: { issues } });
}

const NO_FILE: FormIssue = { path: 'csv_file', code: 'ERR_PORT_007', message: ERRORS.ERR_PORT_007.message };
