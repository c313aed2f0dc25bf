// The demo as a client of the API: what a front end would send, and nothing it could not.
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunPhase, RunProgress } from '@closebell/shared/contracts/run';
import type { JobStatus } from '@closebell/shared/jobs';

export type ListedPortfolio = Readonly<{ id: string; account_name: string }>;

export type StartedRun = Readonly<{ batch_run_id: string; calculation_date: string; poll_url: string }>;

export type RunStatus = Readonly<{
  status: JobStatus;
  progress: RunProgress;
  phases: readonly RunPhase[];
  error: Readonly<{ code: string; message: string }> | null;
}>;

export type SessionFigures = Readonly<{
  snapshot_date: string;
  equity: number;
  cash: number;
  long: number;
  short: number;
  gross: number;
  net: number;
  daily_pnl: number;
  daily_return: number | null;
  capital_flow: number;
}>;

export type Upload = Readonly<{ portfolioName: string; accountName: string; equityBalance: number; fileName: string; csv: Blob }>;

export type Credentials = Readonly<{ email: string; password: string; inviteCode: string }>;

export type DemoClient = Readonly<{
  listPortfolios: () => Promise<readonly ListedPortfolio[]>;
  /** Resolves with the portfolio's id when it is imported. */
  createPortfolio: (upload: Upload) => Promise<string>;
  calculate: (portfolioId: string) => Promise<StartedRun>;
  runStatus: (run: StartedRun) => Promise<RunStatus>;
  /** The figures of one session, undefined when there are none. */
  figuresOf: (portfolioId: string, sessionDate: string) => Promise<SessionFigures | undefined>;
}>;

const IMPORT_POLL_MS = 250;
const FULL_NAME = 'Demo User';

/** Logs in, and registers first where the account is not there yet. Every request ends with `signal`. */
export async function connectClient(url: string, credentials: Credentials, signal: AbortSignal): Promise<DemoClient> {
  const send = sender(url, signal, {});
  const token = await logIn(send, credentials);
  return createClient(sender(url, signal, { Authorization: `Bearer ${token}` }), signal);
}

async function logIn(send: Send, { email, password, inviteCode }: Credentials): Promise<string> {
  const attempt = (): Promise<Answer> => send('POST', '/auth/login', { email, password });
  const first = await attempt();
  if (first.status !== 401) return fields<{ access_token: string }>(first).access_token;
  const registration = await send('POST', '/onboarding/register', {
    email,
    password,
    full_name: FULL_NAME,
    invite_code: inviteCode,
  });
  if (registration.status === 409) {
    throw new Error(
      `The database has a user ${email} of another password: it is not the one of this data folder. ` +
        'Use the data folder it was made with, or another database; npm run demo -- --reset empties the embedded one.',
    );
  }
  fields(registration);
  return fields<{ access_token: string }>(await attempt()).access_token;
}

function createClient(send: Send, signal: AbortSignal): DemoClient {
  return {
    listPortfolios: async () => fields<{ portfolios: readonly ListedPortfolio[] }>(await send('GET', '/portfolios')).portfolios,
    createPortfolio: async (upload) => {
      const answer = await send('POST', '/onboarding/create-portfolio', uploadForm(upload));
      const { portfolio_id: id, poll_url: pollUrl } = fields<{ portfolio_id?: string; poll_url?: string }>(answer);
      return id ?? (await importedId(send, pollUrl ?? '', signal));
    },
    calculate: async (id) => fields<StartedRun>(await send('POST', `/portfolio/${id}/calculate`)),
    runStatus: async ({ poll_url: pollUrl }) => fields<RunStatus>(await send('GET', pollUrl)),
    figuresOf: async (id, date) => {
      const answer = await send('GET', `/portfolios/${id}/history?from=${date}&to=${date}`);
      return fields<{ snapshots: readonly SessionFigures[] }>(answer).snapshots[0];
    },
  };
}

/** An import that takes longer than the upload's answer may wait: asked for until it has ended. */
async function importedId(send: Send, pollUrl: string, signal: AbortSignal): Promise<string> {
  for (;;) {
    const answer = await send('GET', pollUrl);
    const {
      status,
      portfolio_id: id,
      error,
    } = fields<{
      status: JobStatus;
      portfolio_id: string | null;
      error: Readonly<{ message: string }> | null;
    }>(answer);
    if (id !== null) return id;
    if (status !== 'queued' && status !== 'running')
      throw new Error(`An import ended ${status}: ${error?.message ?? 'without a reason'}`);
    await sleep(IMPORT_POLL_MS, undefined, { signal });
  }
}

function uploadForm({ portfolioName, accountName, equityBalance, fileName, csv }: Upload): FormData {
  const form = new FormData();
  form.set('portfolio_name', portfolioName);
  form.set('account_name', accountName);
  form.set('account_type', 'taxable');
  form.set('equity_balance', String(equityBalance));
  form.set('csv_file', csv, fileName);
  return form;
}

type Answer = Readonly<{ status: number; request: string; json: unknown }>;
type Send = (method: 'GET' | 'POST', path: string, body?: FormData | Readonly<Record<string, string>>) => Promise<Answer>;

const BASE = '/api/v1';

/** `path` is below /api/v1, or whole as a poll_url gives it. */
function sender(url: string, signal: AbortSignal, headers: Readonly<Record<string, string>>): Send {
  return async (method, path, body) => {
    const whole = path.startsWith(BASE) ? path : `${BASE}${path}`;
    const isForm = body instanceof FormData;
    const response = await fetch(url + whole, {
      method,
      signal,
      headers: { ...headers, ...(body === undefined || isForm ? {} : { 'Content-Type': 'application/json' }) },
      ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
    });
    return { status: response.status, request: `${method} ${whole}`, json: await response.json() };
  };
}

type ErrorBody = Readonly<{ error?: Readonly<{ code: string; message: string; details?: unknown }> }>;

/** The fields of a success; throws with the API's own words for anything else. */
function fields<T = unknown>({ status, request, json }: Answer): T {
  if (status >= 200 && status < 300) return json as T;
  const { code = String(status), message = 'no reason given', details } = (json as ErrorBody).error ?? {};
  const more = details === undefined ? '' : ` ${JSON.stringify(details)}`;
  throw new Error(`${request} was answered with ${status} ${code}: ${message}${more}`);
}
