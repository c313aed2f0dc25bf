// A portfolio at one session with its lots and its history, read as of one instant: a calculation that ends meanwhile must not mix two.
import { asOfOneInstant, type Db } from './client.js';
import { listPortfolioPositions, type PositionDetail } from './position-details.js';
import { findSnapshotUpTo, listLastSnapshots, type SnapshotRow, type StoredSnapshot } from './snapshots.js';

type CompleteRead = Readonly<{
  /** Null without a calculated session up to the day asked for. */
  snapshot: StoredSnapshot | null;
  /** All lots, closed ones too, valued as of the newest session; empty when not asked for. */
  positions: readonly PositionDetail[];
  /** Up to the snapshot, oldest first; empty when not asked for. */
  sessions: readonly SnapshotRow[];
}>;

type CompleteWish = Readonly<{
  /** A day; the newest session without it. */
  asOfDate: string | undefined;
  /** How many of each at most; 0: none. */
  positionsMax: number;
  sessionsMax: number;
}>;

/** Whose portfolio it is, the caller has checked. */
export async function loadCompletePortfolio(
  db: Db,
  portfolioId: string,
  { asOfDate, positionsMax, sessionsMax }: CompleteWish,
): Promise<CompleteRead> {
  return asOfOneInstant(db, async (client) => {
    const snapshot = await findSnapshotUpTo(client, portfolioId, asOfDate ?? null);
    if (snapshot === null) return { snapshot, positions: [], sessions: [] };
    const upTo = { to: snapshot.snapshot_date, limit: sessionsMax };
    return {
      snapshot,
      positions: positionsMax === 0 ? [] : await listPortfolioPositions(client, portfolioId, positionsMax),
      sessions: sessionsMax === 0 ? [] : await listLastSnapshots(client, portfolioId, upTo),
    };
  });
}
