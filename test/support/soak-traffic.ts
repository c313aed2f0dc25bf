// What users do while faults are injected: they ask for figures, again and by force, cancel, upload files and trade.
import { inTransaction } from '@closebell/prisma/client';
import { requestBatch } from '@closebell/prisma/calculation-requests';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { FLEET_SESSION, type Fleet } from './fleet.js';
import { askForFigures, SYMBOLS, type Investor, type OwnedPortfolio } from './investors.js';

/** What was answered 202, and so must end. */
export type Accepted = Readonly<{ runIds: readonly string[]; importIds: readonly string[] }>;

export type Traffic = Readonly<{
  /** `done` counts each action that was taken; `refused` those that got another answer or none. */
  stop: () => Promise<Readonly<{ accepted: Accepted; done: Readonly<Record<string, number>> }>>;
}>;

const PACE_MS = 150;
const BATCH_EVERY_MS = 60_000;
const UPLOADS_MAX = 200;

export function startTraffic(
  fleet: Fleet,
  investors: readonly Investor[],
  portfolios: readonly OwnedPortfolio[],
  random: () => number,
): Traffic {
  const runIds: { id: string; portfolio: OwnedPortfolio }[] = [];
  const importIds: string[] = [];
  const done: Record<string, number> = {};
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  let stopped = false;

  const ask = async (force: boolean): Promise<boolean> => {
    const portfolio = pick(portfolios);
    const { runId } = await askForFigures(fleet.url, portfolio, { force });
    if (runId !== null) runIds.push({ id: runId, portfolio });
    return runId !== null;
  };
  const cancel = async (): Promise<boolean> => {
    const run = runIds.at(-1);
    return run !== undefined && (await cancelRun(fleet.url, run.portfolio, run.id));
  };
  const upload = async (): Promise<boolean> => {
    if (importIds.length >= UPLOADS_MAX) return false;
    const importId = await uploadFile(fleet.url, pick(investors), pick(SYMBOLS));
    if (importId !== null) importIds.push(importId);
    return importId !== null;
  };
  const act = async (): Promise<void> => {
    const [name, action] = drawAction(random());
    const took = await {
      ask: () => ask(false),
      force: () => ask(true),
      cancel,
      upload,
      trade: () => trade(fleet, pick(portfolios), random),
    }[action]();
    const key = took ? name : 'refused';
    done[key] = (done[key] ?? 0) + 1;
  };
  const lane = async (): Promise<void> => {
    while (!stopped) {
      await act();
      await sleep(PACE_MS);
    }
  };
  const batches = setInterval(() => void submitBatch(fleet), BATCH_EVERY_MS);
  const lanes = [lane(), lane()];
  return {
    stop: async () => {
      stopped = true;
      clearInterval(batches);
      await Promise.all(lanes);
      return { accepted: { runIds: runIds.map(({ id }) => id), importIds }, done };
    },
  };
}

type Action = 'ask' | 'force' | 'cancel' | 'upload' | 'trade';

function drawAction(drawn: number): readonly [name: string, action: Action] {
  if (drawn < 0.45) return ['asked', 'ask'];
  if (drawn < 0.55) return ['forced', 'force'];
  if (drawn < 0.65) return ['cancelled', 'cancel'];
  if (drawn < 0.8) return ['uploaded', 'upload'];
  return ['traded', 'trade'];
}

async function cancelRun(url: string, { id, owner }: OwnedPortfolio, runId: string): Promise<boolean> {
  const path = `/api/v1/portfolio/${id}/batch-status/${runId}/cancel`;
  const init = { method: 'POST', headers: owner.headers, signal: AbortSignal.timeout(15_000) };
  return await fetch(url + path, init).then(
    ({ status }) => status === 202,
    () => false,
  );
}

/** The import's id when the file was taken. */
async function uploadFile(url: string, { headers }: Investor, symbol: string): Promise<string | null> {
  const form = new FormData();
  const lot = `${symbol},12,100.00,2025-06-02`;
  form.set('csv_file', new Blob([`Symbol,Quantity,Entry Price Per Share,Entry Date\n${lot}\n`]), 'positions.csv');
  const fields = { portfolio_name: 'Upload', account_name: randomUUID(), account_type: 'taxable', equity_balance: '50000' };
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  try {
    const init = {
      method: 'POST',
      body: form,
      headers: { ...headers, Prefer: 'respond-async' },
      signal: AbortSignal.timeout(15_000),
    };
    const response = await fetch(`${url}/api/v1/onboarding/create-portfolio`, init);
    const body = (await response.json()) as Readonly<{ import_id?: string }>;
    return response.ok ? body.import_id! : null;
  } catch {
    return null;
  }
}

const TRADE_DATES = ['2025-05-20', '2025-05-28', '2025-06-03', '2025-06-10', '2025-06-17'] as const;

/** A lot bought, with what every change of a ledger leaves: the first session that no longer holds, and a new generation. */
async function trade({ db }: Fleet, { id }: OwnedPortfolio, random: () => number): Promise<boolean> {
  const date = TRADE_DATES[Math.floor(random() * TRADE_DATES.length)]!;
  const symbol = SYMBOLS[Math.floor(random() * SYMBOLS.length)]!;
  const quantity = 1 + Math.floor(random() * 20);
  try {
    await inTransaction(db, async (client) => {
      await client.query(
        `UPDATE portfolios SET dirty_from = least(dirty_from, $2::date), generation = generation + 1 WHERE id = $1`,
        [id, date],
      );
      await client.query(
        `INSERT INTO positions (portfolio_id, symbol, quantity, entry_price, entry_date, investment_class) VALUES ($1, $2, $3, 100, $4, 'PUBLIC')`,
        [id, symbol, quantity, date],
      );
    });
    return true;
  } catch {
    // The database is away for now.
    return false;
  }
}

async function submitBatch({ db }: Fleet): Promise<void> {
  await requestBatch(db, { sessionDate: FLEET_SESSION, force: false, origin: { trigger: 'admin' } }).catch(() => {});
}
