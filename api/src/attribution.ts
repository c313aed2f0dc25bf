// Which lots made the P&L of some sessions: the ledger's lots along the prices that are stored, as the calculation does it.
import { loadLedgers } from '@closebell/prisma/ledger';
import { loadLotSources } from '@closebell/prisma/lot-sources';
import { listTagsOfPositions, type PositionTag } from '@closebell/prisma/position-tags';
import { listSnapshots, type SnapshotRow } from '@closebell/prisma/snapshots';
import { loadProfiles } from '@closebell/prisma/securities';
import { lotHistory } from '@closebell/shared/calc/lot-history';
import { axisOf } from '@closebell/shared/calc/price-series';
import { AppError } from '@closebell/shared/errors';
import { buildLots, type BuiltLot } from '@closebell/shared/ledger/lots';
import { pricedSymbol } from '@closebell/shared/lot-kind';
import type { ApiContext } from './context.js';
import { requestFault } from './request-fault.js';

/** Sessions of one answer at most: two years. */
const ATTRIBUTED_SESSIONS_MAX = 504;

/** In units of 1e-4. */
export type LotPnl = Readonly<{ built: BuiltLot; sector: string | null; pnlE4: number }>;

export type AttributedPnl = Readonly<{
  /** Of the sessions, oldest first; none where there is no snapshot. */
  snapshots: readonly SnapshotRow[];
  /** Lots held in one of the sessions, those closed in the first included. */
  lots: readonly LotPnl[];
  /** Those of the lots, by name. */
  tags: readonly PositionTag[];
  /** Of the snapshots, and of the lots: not the same where the ledger or prices have changed since. */
  pnlE4: number;
  lotsPnlE4: number;
}>;

/** Sessions from one day to another; null when there is no snapshot in them. Throws ERR_REQ_001 when they are too many. */
export async function attributePnl(
  context: ApiContext,
  portfolioId: string,
  { from, to }: Readonly<{ from: string; to: string }>,
): Promise<AttributedPnl | null> {
  const { db, calendar } = context;
  const [snapshots, [ledger]] = await Promise.all([
    listSnapshots(db.pool, portfolioId, { from, to, limit: ATTRIBUTED_SESSIONS_MAX + 1 }),
    loadLedgers(db.pool, [portfolioId]),
  ]);
  if (snapshots.length > ATTRIBUTED_SESSIONS_MAX) throw tooManySessions();
  const [first, last] = [snapshots[0], snapshots.at(-1)];
  if (first === undefined || last === undefined || ledger === undefined) return null;
  const axis = axisOf(calendar, calendar.previousSession(first.snapshot_date), last.snapshot_date);
  const request = { lots: ledger.lots, from: axis.sessions[0] as string, to: last.snapshot_date, config: context.config };
  const sources = { ...(await loadLotSources(db.pool, calendar, request)), axis };
  const built = buildLots(sources, ledger.lots).filter(({ lot }) => lot.exitIndex >= 1 && lot.entryIndex < axis.sessions.length);
  const positionIds = built.map(({ entry }) => entry.positionId);
  const [sectorOf, tags] = await Promise.all([readSectors(db, built), listTagsOfPositions(db.pool, positionIds)]);
  const lots: LotPnl[] = [];
  for (const [k, item] of built.entries()) {
    const { pnlE4 } = lotHistory(axis, item.lot);
    lots.push({ built: item, sector: sectorOf(item), pnlE4: sum(pnlE4) });
    // Many lots take their time: other requests get their turn in between.
    if (k % LOTS_AT_ONCE === LOTS_AT_ONCE - 1) await new Promise(setImmediate);
  }
  return {
    snapshots,
    lots,
    tags,
    pnlE4: sum(snapshots.map(({ daily_pnl: pnl }) => Math.round(pnl * 1e4))),
    lotsPnlE4: sum(lots.map((lot) => lot.pnlE4)),
  };
}

const LOTS_AT_ONCE = 64;

function tooManySessions(): AppError {
  const message = `more than ${ATTRIBUTED_SESSIONS_MAX} sessions lie between from and to`;
  return requestFault('from', message);
}

async function readSectors({ pool }: ApiContext['db'], lots: readonly BuiltLot[]): Promise<(lot: BuiltLot) => string | null> {
  const symbols = [...new Set(lots.flatMap(({ entry }) => pricedSymbol(entry) ?? []))];
  const sectors = new Map((await loadProfiles(pool, symbols)).map(({ symbol, sector }) => [symbol, sector]));
  return ({ entry }) => sectors.get(pricedSymbol(entry) ?? '') ?? null;
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
