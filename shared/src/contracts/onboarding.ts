// Uploads: the template, the import that makes a portfolio, its preview and its outcome.
import { z } from 'zod';
import { JOB_STATUSES } from '../jobs.js';
import { endpoint } from './endpoint.js';
import { date, id, idParams, instant, money } from './fields.js';

export const UPLOAD_FIELD = 'csv_file';
/** Positions that a preview shows; the totals count all. */
export const PREVIEW_POSITIONS_MAX = 1_000;

const FORM_ERRORS = [
  'ERR_PORT_002',
  'ERR_PORT_003',
  'ERR_PORT_004',
  'ERR_PORT_005',
  'ERR_PORT_006',
  'ERR_PORT_007',
  'ERR_PORT_009',
  'ERR_PORT_010',
  'ERR_PORT_011',
] as const;
const FILE_ERRORS = ['ERR_CSV_001', 'ERR_CSV_002', 'ERR_CSV_003', 'ERR_CSV_004', 'ERR_CSV_005', 'ERR_CSV_006'] as const;

/** Described for the documentation; the checks are in portfolio-form.ts, which gives each fault its own code. */
const portfolioFields = z.object({
  portfolio_name: z.string().describe('1 to 255 characters'),
  account_name: z.string().describe('1 to 100 characters, unique among your portfolios'),
  account_type: z.string().describe('taxable, ira, roth_ira, 401k, 403b, 529, hsa, trust or other'),
  equity_balance: z.string().describe('what the account is worth, cash included: a plain decimal above 0, below 1 billion'),
  equity_as_of: z.string().optional().describe('the session at whose close it was worth that; without it the last complete one'),
  description: z.string().optional(),
  allow_multiple_lots: z
    .string()
    .optional()
    .describe('true accepts rows of one symbol and date that differ in quantity or price'),
});

const rowError = z.object({
  row: z.int().describe("the file's line number"),
  symbol: z.string(),
  code: z.string(),
  message: z.string(),
  field: z.string(),
  value: z.string(),
});

const previewedPosition = z.object({
  row: z.int().describe("the file's line number"),
  symbol: z.string(),
  quantity: z.number(),
  entry_price: money,
  entry_date: date,
  investment_class: z.string(),
  investment_subtype: z.string().nullable(),
  underlying_symbol: z.string().nullable(),
  strike_price: money.nullable(),
  expiration_date: date.nullable(),
  option_type: z.string().nullable(),
  exit_date: date.nullable(),
  exit_price: money.nullable(),
});

const imported = z.object({
  portfolio_id: id,
  portfolio_name: z.string(),
  account_name: z.string(),
  account_type: z.string(),
  equity_balance: money,
  equity_as_of: date,
  positions_imported: z.int(),
  positions_failed: z.literal(0),
  total_positions: z.int(),
  warnings: z.array(z.string()),
  import_id: id,
  calculate_url: z.string(),
  message: z.string(),
  next_step: z.string(),
});

const pendingImport = z.object({ import_id: id, status: z.enum(JOB_STATUSES), poll_url: z.string(), message: z.string() });

export const getCsvTemplate = endpoint({
  method: 'get',
  path: '/onboarding/csv-template',
  summary: 'The CSV template: twelve columns, how to fill them, and example rows that import as they are',
  tag: 'Onboarding',
  auth: 'public',
  responses: { 200: { description: 'closebell_portfolio_template.csv', contentType: 'text/csv' } },
  errors: [],
});

export const createPortfolioFromCsv = endpoint({
  method: 'post',
  path: '/onboarding/create-portfolio',
  summary:
    'Makes a portfolio of an uploaded CSV: all rows or none. Answers within 5 seconds, or as Prefer says (respond-async, wait=N up to 30)',
  tag: 'Onboarding',
  auth: 'user',
  idempotent: true,
  limit: 'upload',
  body: portfolioFields,
  multipart: { fileField: UPLOAD_FIELD },
  responses: {
    201: { description: 'The portfolio and its positions were created', schema: imported },
    202: { description: 'The import goes on; poll_url tells how it ends', schema: pendingImport },
  },
  errors: ['ERR_PORT_001', ...FORM_ERRORS, 'ERR_PORT_008', ...FILE_ERRORS, 'ERR_REQ_001'],
});

export const previewImport = endpoint({
  method: 'post',
  path: '/onboarding/preview',
  summary: 'Reads an uploaded CSV and stores nothing: its positions, errors and warnings',
  tag: 'Onboarding',
  auth: 'user',
  limit: 'upload',
  body: portfolioFields.pick({ allow_multiple_lots: true }),
  multipart: { fileField: UPLOAD_FIELD },
  responses: {
    200: {
      description: 'What an import would make of the file',
      schema: z.object({
        importable: z.boolean(),
        rows_total: z.int(),
        rows_valid: z.int(),
        total_errors: z.int(),
        positions: z.array(previewedPosition).describe(`the first ${PREVIEW_POSITIONS_MAX} valid rows`),
        errors: z.array(rowError).describe('the first 1,000'),
        warnings: z.array(z.string()),
      }),
    },
  },
  errors: ['ERR_PORT_007', ...FILE_ERRORS, 'ERR_REQ_001'],
});

export const getImport = endpoint({
  method: 'get',
  path: '/imports/:id',
  summary: 'How an import stands',
  tag: 'Onboarding',
  auth: 'user',
  limit: 'poll',
  params: idParams,
  responses: {
    200: {
      description: 'The import',
      schema: z.object({
        import_id: id,
        status: z.enum(JOB_STATUSES),
        file_name: z.string(),
        portfolio_id: id.nullable(),
        rows_total: z.int().nullable(),
        rows_valid: z.int().nullable(),
        total_errors: z.int(),
        errors: z.array(rowError).describe('the first 1,000'),
        error: z.object({ code: z.string(), message: z.string() }).nullable().describe('why nothing was imported'),
        warnings: z.array(z.string()),
        created_at: instant,
        finished_at: instant.nullable(),
      }),
    },
  },
  errors: ['ERR_BATCH_003', 'ERR_REQ_001'],
});

export const getImportErrors = endpoint({
  method: 'get',
  path: '/imports/:id/errors',
  summary: 'The row errors of an import, as JSON or as a CSV file',
  tag: 'Onboarding',
  auth: 'user',
  params: idParams,
  query: z.object({ format: z.enum(['json', 'csv']).default('json') }),
  responses: {
    200: {
      description: 'The errors; with format=csv an attachment of the same columns',
      schema: z.object({ import_id: id, total_errors: z.int(), errors: z.array(rowError) }),
    },
  },
  errors: ['ERR_BATCH_003', 'ERR_REQ_001'],
});

export type PreviewedPosition = z.output<typeof previewedPosition>;
