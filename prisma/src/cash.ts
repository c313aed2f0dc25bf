// The cash of a portfolio as of now: that of its newest snapshot that holds, or what is left of the stated balance where none does, and what
// the ledger moved since.
import { parseScaled } from '@closebell/shared/calc/exact-value';
import { axisOf } from '@closebell/shared/calc/price-series';
import type { TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import type { Config } from '@closebell/shared/config';
import { cashAtAnchor, cashNow, settledCash, type ClosingCash } from '@closebell/shared/ledger/cash-now';
import type { LedgerLot } from '@closebell/shared/ledger/ledger';
import { actionEvents } from '@closebell/shared/ledger/price-book';
import { lotKind } from '@closebell/shared/lot-kind';
import type { Queryable } from './client.js';
import { inTurn } from './in-turn.js';
import { loadLedgers, type Ledger } from './ledger.js';
import { loadLotSources } from './lot-sources.js';
import { loadActions } from './prices.js';

export type CashContext = Readonly<{
  calendar: TradingCalendar;
  config: Pick<Config, 'fredApiKey' | 'optionRate'>;
  /** By the market clock. */
  now: Date;
}>;

/** In units of 1e-4; below 0 on margin. */
export type CashBalance = Readonly<{ cashE4: number; isEstimated: boolean }>;

/** Under the ledger's lock, so that whoever spends it knows that nobody else does. */
export async function readCash(transaction: Queryable, context: CashContext, portfolioId: string): Promise<CashBalance> {
  const client = inTurn(transaction);
  const { calendar, now } = context;
  const [ledger] = await loadLedgers(client, [portfolioId]);
  if (ledger === undefined) throw new Error(`portfolio ${portfolioId} is gone while its ledger is locked`);
  const closing = await readClosingCash(client, context, ledger);
  const today = calendar.newYorkDate(now);
  const lots = ledger.lots.filter(({ exitDate }) => exitDate === null || exitDate > closing.date);
  const symbols = [...new Set(lots.filter((lot) => lotKind(lot) === 'market').map(({ symbol }) => symbol))];
  const stored = await loadActions(client, symbols, today);
  const actions = new Map([...stored].map(([symbol, list]) => [symbol, actionEvents(list)]));
  const movedE4 = cashNow({ calendar, today, actions }, closing, { lots, flows: ledger.flows });
  const settledE4 = await readSettledCash(client, context, closing.date, lots);
  return { cashE4: movedE4 + settledE4, isEstimated: closing.isEstimated };
}

type SnapshotCash = Readonly<{ date: string; cash: string; valuation: string }>;

/** Of the newest snapshot that holds; else at the anchor. */
async function readClosingCash(client: Queryable, { calendar, config }: CashContext, ledger: Ledger): Promise<ClosingCash> {
  const snapshot = await findValidSnapshot(client, ledger.portfolioId);
  if (snapshot !== null) {
    const { date, cash, valuation } = snapshot;
    return { date, cashE4: Number(parseScaled(cash, 4)), isEstimated: valuation === 'partial' };
  }
  const { equityAsOf, equityBalance } = ledger;
  const from = calendar.previousSession(equityAsOf);
  const lots = ledger.lots.filter(({ entryDate, exitDate }) => entryDate <= equityAsOf && (exitDate === null || exitDate > from));
  const sources = await loadLotSources(client, calendar, { lots, from, to: equityAsOf, config });
  return cashAtAnchor({ ...sources, axis: axisOf(calendar, from, equityAsOf) }, { lots, equityAsOf, equityBalance });
}

/** Of options that expired in a complete session after `close`. */
async function readSettledCash(
  client: Queryable,
  { calendar, config, now }: CashContext,
  close: string,
  lots: readonly LedgerLot[],
): Promise<number> {
  const to = calendar.latestCompleteSession(now);
  const expired = lots.filter(
    ({ exitDate, expirationDate: expiry }) => exitDate === null && expiry !== null && expiry > close && expiry <= to,
  );
  if (expired.length === 0) return 0;
  const sources = await loadLotSources(client, calendar, { lots: expired, from: close, to, config });
  return settledCash({ ...sources, axis: axisOf(calendar, close, to) }, expired);
}

/** The newest complete one that the ledger has not changed under. */
async function findValidSnapshot(client: Queryable, portfolioId: string): Promise<SnapshotCash | null> {
  const { rows } = await client.query<SnapshotCash>(
    `SELECT snapshot_date AS date, cash, valuation FROM portfolio_snapshots s JOIN portfolios p ON p.id = s.portfolio_id
     WHERE s.portfolio_id = $1 AND is_complete AND (dirty_from IS NULL OR snapshot_date < dirty_from)
     ORDER BY snapshot_date DESC LIMIT 1`,
    [portfolioId],
  );
  return rows[0] ?? null;
}
