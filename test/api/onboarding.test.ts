import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/until.js';
import { expectError, fieldsOf, type Caller } from './caller.js';
import { startDomainApi, type DomainApi } from './domain-api.js';
import { endJob, insertPortfolio } from './records.js';

// Wednesday 2025-03-12 after the session is complete.
const NOW = '2025-03-12T22:00:00Z';
const CSV = 'Symbol,Quantity,Entry Price Per Share,Entry Date\r\nAAPL,10,150.00,2024-01-16\r\nMSFT,-5,400.00,2024-01-17\r\n';
const FIELDS = { portfolio_name: 'Growth', account_name: 'Broker 1', account_type: 'taxable', equity_balance: '250000.00' };
const ROW_ERROR = {
  row: 2,
  symbol: '=SUM(A1)',
  code: 'ERR_POS_003',
  message: 'Symbol has characters',
  field: 'symbol',
  value: '=SUM(A1)',
};

let api: DomainApi;
let user: Caller;

beforeAll(async () => {
  api = await startDomainApi(NOW);
  user = await api.user();
});
afterAll(() => api.close());

type Form = Readonly<Record<string, string | undefined>>;

function form(
  fields: Form = {},
  file: Readonly<{ name?: string; text?: string | Uint8Array<ArrayBuffer>; field?: string }> | null = {},
): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries({ ...FIELDS, ...fields })) if (value !== undefined) data.append(name, value);
  if (file !== null) data.append(file.field ?? 'csv_file', new Blob([file.text ?? CSV]), file.name ?? 'positions.csv');
  return data;
}

const create = (data: FormData, prefer: string | null = 'respond-async', caller = user) =>
  caller.post('/onboarding/create-portfolio', data, prefer === null ? {} : { Prefer: prefer });

type Outcome = Readonly<{
  status: string;
  portfolioId?: string;
  code?: string;
  text?: string;
  errors?: readonly unknown[];
  total?: number;
}>;

/** Stands in for the worker: waits for the import's job, writes its outcome and ends the job. */
async function decideImport(outcome: Outcome, accountName: string): Promise<void> {
  await until('the upload is stored', async () => (await importsNamed(accountName)).length === 1);
  const [row] = await importsNamed(accountName);
  if (!row) throw new Error('no import');
  await api.db.pool.query(
    `UPDATE imports SET status = $2, portfolio_id = $3, error_code = $4, error_text = $5, errors = $6, errors_total = $7, rows_total = 2,
       rows_valid = 2, finished_at = now() WHERE id = $1`,
    [
      row.id,
      outcome.status,
      outcome.portfolioId ?? null,
      outcome.code ?? null,
      outcome.text ?? null,
      JSON.stringify(outcome.errors ?? []),
      outcome.total ?? 0,
    ],
  );
  await endJob(api.db, row.job_id, { status: 'completed', result: {} });
}

async function importsNamed(accountName: string) {
  const { rows } = await api.db.pool.query<{ id: string; job_id: string }>(
    `SELECT i.id, j.id AS job_id FROM imports i JOIN jobs j ON j.payload->>'importId' = i.id::text WHERE request->>'account_name' = $1`,
    [accountName],
  );
  return rows;
}

describe('the template', () => {
  it('is public, an attachment, and cached for an hour', async () => {
    const reply = await api.nobody.get('/onboarding/csv-template');
    expect(reply.status).toBe(200);
    expect(reply.headers.get('content-type')).toMatch(/^text\/csv/);
    expect(reply.headers.get('content-disposition')).toBe('attachment; filename="closebell_portfolio_template.csv"');
    expect(reply.headers.get('cache-control')).toBe('public, max-age=3600');
    expect(reply.text).toMatch(/^Symbol,Quantity,Entry Price Per Share,Entry Date,/);
  });
});

describe('an upload', () => {
  it('is stored with its file, its checked form and one job, and answered 202 at once when the client prefers', async () => {
    const reply = await create(form({ account_name: ' stored ', equity_as_of: '2025-03-09', allow_multiple_lots: 'true' }));
    const body = fieldsOf<{ import_id: string; poll_url: string }>(reply, 202);
    expect(reply.headers.get('location')).toBe(body.poll_url);
    expect(reply.headers.get('retry-after')).toBe('1');
    const { rows } = await api.db.pool.query(
      `SELECT convert_from(file, 'UTF8') AS text, sha256 = sha256(file) AS hashed, request, j.status FROM imports i
       JOIN jobs j ON j.kind = 'import-positions' AND j.payload->>'importId' = i.id::text WHERE i.id = $1`,
      [body.import_id],
    );
    expect(rows).toEqual([
      {
        text: CSV,
        hashed: true,
        request: {
          ...FIELDS,
          account_name: 'stored',
          equity_balance: '250000',
          equity_as_of: '2025-03-07',
          description: null,
          allow_multiple_lots: true,
        },
        status: 'queued',
      },
    ]);
    expect((await user.get(body.poll_url)).json).toMatchObject({
      import_id: body.import_id,
      status: 'queued',
      portfolio_id: null,
      errors: [],
    });
  });

  it('is answered 201 with the portfolio when the worker is done in time', async () => {
    const portfolioId = await insertPortfolio(api.db, { userId: user.userId, accountName: 'in time', equity: 250_000 });
    await api.db.pool.query(`UPDATE portfolios SET account_name = 'renamed' WHERE id = $1`, [portfolioId]);
    const [reply] = await Promise.all([
      create(form({ account_name: 'in time' }), null),
      decideImport({ status: 'completed', portfolioId }, 'in time'),
    ]);
    expect(reply.json).toMatchObject({
      portfolio_id: portfolioId,
      account_name: 'in time',
      equity_balance: 250_000,
      positions_imported: 2,
      positions_failed: 0,
      total_positions: 2,
      calculate_url: `/api/v1/portfolio/${portfolioId}/calculate`,
    });
    expect(reply.status).toBe(201);
  });

  it('with row errors is answered 400 ERR_PORT_008 with all of them', async () => {
    const [reply] = await Promise.all([
      create(form({ account_name: 'rows' }), null),
      decideImport(
        { status: 'failed', code: 'ERR_PORT_008', text: 'Rows have errors.', errors: [ROW_ERROR], total: 1_200 },
        'rows',
      ),
    ]);
    expectError(reply, 400, 'ERR_PORT_008');
    expect(reply.json).toMatchObject({ error: { details: { errors: [ROW_ERROR], total_errors: 1_200 } } });
  });

  it.each([
    ['ERR_CSV_004', 400],
    ['ERR_PORT_001', 409],
  ])('that ends with %s is answered with that code', async (code, status) => {
    const [reply] = await Promise.all([
      create(form({ account_name: code }), 'wait=10'),
      decideImport({ status: 'failed', code, text: 'Said by the worker.' }, code),
    ]);
    expectError(reply, status, code);
    expect(reply.json).toMatchObject({ error: { message: 'Said by the worker.' } });
  });

  it('whose job failed without an outcome has failed too', async () => {
    const { poll_url: pollUrl } = fieldsOf<{ poll_url: string }>(await create(form({ account_name: 'poison' })), 202);
    const [row] = await importsNamed('poison');
    await endJob(api.db, row?.job_id ?? '', {
      status: 'failed',
      error: { code: 'ERR_JOB_001', message: 'lost', fingerprint: 'x' },
    });
    expect((await user.get(pollUrl)).json).toMatchObject({ status: 'failed', error: { code: 'ERR_JOB_001', message: 'lost' } });
  });

  it('under an account name that is taken is refused before anything is stored', async () => {
    await insertPortfolio(api.db, { userId: user.userId, accountName: 'taken' });
    expectError(await create(form({ account_name: 'taken' })), 409, 'ERR_PORT_001');
    expect(await importsNamed('taken')).toEqual([]);
  });

  it('under the name of a deleted portfolio, or of another user, goes through', async () => {
    await insertPortfolio(api.db, { userId: user.userId, accountName: 'free', deleted: true });
    await insertPortfolio(api.db, { userId: (await api.user()).userId, accountName: 'free' });
    expect((await create(form({ account_name: 'free' }))).status).toBe(202);
  });
});

describe('a form', () => {
  it.each([
    [{ portfolio_name: '' }, 422, 'ERR_PORT_002'],
    [{ portfolio_name: 'x'.repeat(256) }, 422, 'ERR_PORT_003'],
    [{ equity_balance: undefined }, 422, 'ERR_PORT_004'],
    [{ equity_balance: '-1' }, 422, 'ERR_PORT_005'],
    [{ equity_balance: '1e3' }, 422, 'ERR_PORT_005'],
    [{ equity_balance: '1000000000' }, 422, 'ERR_PORT_006'],
    [{ account_type: 'piggy' }, 422, 'ERR_PORT_009'],
    [{ account_name: 'x'.repeat(101) }, 422, 'ERR_PORT_010'],
    [{ account_name: undefined }, 422, 'ERR_PORT_011'],
    [{ equity_as_of: '2025-13-01' }, 422, 'ERR_REQ_001'],
    [{ description: 'nul \u0000' }, 422, 'ERR_REQ_001'],
  ])('with %j is refused', async (fields: Form, status, code) => {
    expectError(await create(form({ account_name: 'form', ...fields })), status, code);
    expect(await importsNamed('form')).toEqual([]);
  });

  it('names the last complete session when equity_as_of is later', async () => {
    const reply = await create(form({ equity_as_of: '2025-03-13' }));
    expectError(reply, 422, 'ERR_REQ_001');
    expect(reply.text).toContain('2025-03-12');
  });

  it('lists every fault and answers with the first', async () => {
    const reply = await create(form({ portfolio_name: '', account_name: '' }, null));
    expectError(reply, 422, 'ERR_PORT_002');
    expect(reply.json).toMatchObject({
      error: { details: { issues: [{ code: 'ERR_PORT_002' }, { code: 'ERR_PORT_011' }, { code: 'ERR_PORT_007' }] } },
    });
  });
});

describe('a file', () => {
  it('that is missing, or in another field, is ERR_PORT_007', async () => {
    expectError(await create(form({}, null)), 422, 'ERR_PORT_007');
    expectError(await create(form({}, { field: 'attachment' })), 422, 'ERR_PORT_007');
  });

  it('that is not named .csv is ERR_CSV_002', async () => {
    expectError(await create(form({}, { name: 'positions.xlsx' })), 415, 'ERR_CSV_002');
  });

  it('of exactly 10 MB is taken, and one byte more is ERR_CSV_001', async () => {
    const limit = 10 * 1024 * 1024;
    const tooLarge = await create(form({ account_name: 'large' }, { text: new Uint8Array(limit + 1) }));
    expectError(tooLarge, 413, 'ERR_CSV_001');
    expect((await create(form({ account_name: 'large' }, { text: new Uint8Array(limit) }))).status).toBe(202);
  });

  it('in a body without boundary is a refused request, not a failure', async () => {
    const headers = { 'Content-Type': 'multipart/form-data' };
    expectError(await user.post('/onboarding/create-portfolio', 'no form', headers), 422, 'ERR_REQ_001');
  });
});

describe('a preview', () => {
  const preview = (text: string, fields: Form = {}) => user.post('/onboarding/preview', form(fields, { text }));

  it('shows the positions and stores nothing', async () => {
    const before = await api.db.pool.query(`SELECT count(*) FROM imports`);
    const reply = await preview(CSV);
    expect(reply.json).toMatchObject({
      importable: true,
      rows_total: 2,
      rows_valid: 2,
      total_errors: 0,
      positions: [
        { row: 2, symbol: 'AAPL', quantity: 10, entry_price: 150, entry_date: '2024-01-16', investment_class: 'PUBLIC' },
        { row: 3, symbol: 'MSFT', quantity: -5 },
      ],
      errors: [],
    });
    expect(reply.status).toBe(200);
    expect((await api.db.pool.query(`SELECT count(*) FROM imports`)).rows).toEqual(before.rows);
  });

  it('shows row errors beside the rows that are valid', async () => {
    expect((await preview(`${CSV}TSLA,0,1.00,2024-01-16\r\n`)).json).toMatchObject({
      importable: false,
      rows_total: 3,
      rows_valid: 2,
      total_errors: 1,
      errors: [{ row: 4, symbol: 'TSLA', code: 'ERR_POS_006' }],
    });
  });

  it('answers a fault of the whole file with its code', async () => {
    expectError(await preview('Symbol,Quantity\r\nAAPL,1\r\n'), 400, 'ERR_CSV_004');
    expectError(await preview(''), 400, 'ERR_CSV_003');
  });

  it('lists 1,000 positions of many and counts all', async () => {
    const rows = Array.from({ length: 1_500 }, (_, i) => `S${i},1,1.00,2024-01-16`).join('\n');
    const reply = await preview(`Symbol,Quantity,Entry Price Per Share,Entry Date\n${rows}\n`);
    const { positions, rows_valid: valid } = fieldsOf<{ positions: unknown[]; rows_valid: number }>(reply, 200);
    expect([positions.length, valid]).toEqual([1_000, 1_500]);
  });

  it('needs a file and a flag that is one', async () => {
    expectError(await user.post('/onboarding/preview', form({}, null)), 422, 'ERR_PORT_007');
    expectError(await preview(CSV, { allow_multiple_lots: 'maybe' }), 422, 'ERR_REQ_001');
  });
});

describe('the errors of an import', () => {
  let importId: string;

  beforeAll(async () => {
    ({ import_id: importId } = fieldsOf<{ import_id: string }>(await create(form({ account_name: 'errors' })), 202));
    await decideImport(
      { status: 'failed', code: 'ERR_PORT_008', text: 'Rows have errors.', errors: [ROW_ERROR], total: 1 },
      'errors',
    );
  });

  it('come as JSON', async () => {
    expect((await user.get(`/imports/${importId}/errors`)).json).toEqual({
      import_id: importId,
      total_errors: 1,
      errors: [ROW_ERROR],
    });
  });

  it('come as a CSV that runs no formula', async () => {
    const reply = await user.get(`/imports/${importId}/errors?format=csv`);
    expect(reply.headers.get('content-type')).toMatch(/^text\/csv/);
    expect(reply.text).toBe(
      "row,symbol,code,message,field,value\r\n2,'=SUM(A1),ERR_POS_003,Symbol has characters,symbol,'=SUM(A1)\r\n",
    );
  });

  it('are shown to nobody else', async () => {
    const other = await api.user();
    expectError(await other.get(`/imports/${importId}`), 404, 'ERR_BATCH_003');
    expectError(await other.get(`/imports/${importId}/errors`), 404, 'ERR_BATCH_003');
    expectError(await user.get(`/imports/${randomUUID()}`), 404, 'ERR_BATCH_003');
    expectError(await user.get('/imports/7'), 422, 'ERR_REQ_001');
  });
});
