// Phase 1: the bars that a calculation needs and the database lacks. Only gaps are fetched, everybody's newest closes first.
import { findGaps } from '@closebell/prisma/price-gaps';
import type { Ledger } from '@closebell/prisma/ledger';
import type { WorkerContext } from '../context.js';
import { fetchGaps, type FetchedGaps, type FetchRequest } from './fetch-gaps.js';
import { fetchOrder, type FetchOrder, type WantedGap } from './fetch-order.js';
import type { SettledGap } from './settle-gaps.js';
import { wantedSessions, type WantedSessions } from './wanted-sessions.js';

export type FetchReport = Readonly<{
  symbols: number;
  requested: number;
  barsInserted: number;
  barsRevised: number;
  withoutData: readonly Readonly<{ symbol: string; reason: string }>[];
  warnings: readonly string[];
}>;

/** Never waits for a provider that is down, and for one with a rate limit not long: what it could not get is in the report. */
export async function fetchMissingBars(
  context: WorkerContext,
  { ledgers, ...request }: FetchRequest & Readonly<{ ledgers: readonly Ledger[] }>,
): Promise<FetchReport> {
  return fetchWantedBars(context, wantedSessions(context.calendar, ledgers, request.targetSession), request);
}

/** As fetchMissingBars, for symbols whoever holds them. */
export async function fetchWantedBars(
  context: WorkerContext,
  wanted: readonly WantedSessions[],
  request: FetchRequest,
): Promise<FetchReport> {
  const wholeOf = new Map(wanted.map(({ symbol, sessions }) => [symbol, sessions.length]));
  const gaps = (await findGaps(context.db.pool, context.calendar, wanted)).map((gap) => ({
    ...gap,
    nothingStored: gap.sessions.length === wholeOf.get(gap.symbol),
  }));
  const { recent, older } = await fetchInOrder(context, fetchOrder(context.calendar, gaps, request.targetSession), request);
  const settled = [...recent.settled, ...older.settled];
  return {
    symbols: wanted.length,
    requested: recent.requested + older.requested,
    barsInserted: recent.inserted + older.inserted,
    barsRevised: recent.revised + older.revised,
    withoutData: settled.flatMap(({ gap: { symbol }, reason }) => (reason === null ? [] : [{ symbol, reason }])),
    warnings: settled.flatMap(({ warnings }) => warnings),
  };
}

/** While newest closes have to wait for a plan, history must not take its requests from them. */
async function fetchInOrder(
  context: WorkerContext,
  { recent, older }: FetchOrder,
  request: FetchRequest,
): Promise<Readonly<{ recent: FetchedGaps; older: FetchedGaps }>> {
  const total = recent.length + older.length;
  const report = (before: number) => (done: number) => request.onProgress(before + done, total);
  const first = await fetchGaps(context, recent, { ...request, onProgress: report(0) });
  if (first.settled.some(({ retryAt }) => retryAt !== null))
    return { recent: first, older: { inserted: 0, revised: 0, requested: 0, settled: older.map(postponed) } };
  return { recent: first, older: await fetchGaps(context, older, { ...request, onProgress: report(recent.length) }) };
}

function postponed(gap: WantedGap): SettledGap {
  const { symbol, sessions } = gap;
  const reason = 'the newest closes of all symbols come first';
  const text = `${symbol}: no closes from ${sessions[0]!} to ${sessions.at(-1)!} yet; they are asked for in the next run, as ${reason}`;
  return { gap, reason, retryAt: null, warnings: [text] };
}
