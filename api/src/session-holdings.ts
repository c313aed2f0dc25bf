// The lots of a portfolio at the close of one session: as stored of the newest, of any other worked out of the ledger and prices as they
// are now, because values are kept of the newest session only.
import type { StoredSnapshot } from '@closebell/prisma/snapshots';
import type { PositionDetail, PositionValue } from '@closebell/prisma/position-details';
import { loadLotSources } from '@closebell/prisma/lot-sources';
import { lotHistory } from '@closebell/shared/calc/lot-history';
import { axisOf } from '@closebell/shared/calc/price-series';
import { lotStanding } from '@closebell/shared/ledger/lot-standing';
import { buildLots, type BuiltLot, type LotSources } from '@closebell/shared/ledger/lots';
import type { ApiContext } from './context.js';

type Holdings = Readonly<{ holdings: readonly PositionDetail[]; source: 'stored' | 'worked_out' }>;

/** Of all positions those held at the close of the snapshot's session, the largest first. */
export async function readHoldings(
  context: ApiContext,
  positions: readonly PositionDetail[],
  { snapshot_date: session, position_count: count }: StoredSnapshot,
): Promise<Holdings> {
  const stored = positions.filter(({ value }) => value?.sessionDate === session);
  if (stored.length > 0 || count === 0) return { holdings: stored, source: 'stored' };
  return { holdings: await holdAt(context, positions, session), source: 'worked_out' };
}

/** Those of the positions that were held at the session's close, valued there; the largest first. */
async function holdAt(
  { db, calendar, config }: ApiContext,
  positions: readonly PositionDetail[],
  session: string,
): Promise<readonly PositionDetail[]> {
  const axis = axisOf(calendar, calendar.previousSession(session), session);
  const opened = positions.filter(({ entryDate }) => entryDate <= session);
  const stored = await loadLotSources(db.pool, calendar, { lots: opened, from: axis.sessions[0]!, to: session, config });
  const sources = { ...stored, axis };
  const valueOf = new Map(
    buildLots(sources, opened)
      .filter(({ lot }) => lot.entryIndex <= LAST && lot.exitIndex > LAST)
      .map((built) => [built.entry.positionId, valueAtLast(sources, built)]),
  );
  const gross = [...valueOf.values()].reduce((sum, { marketValue }) => sum + Math.abs(marketValue), 0);
  return opened
    .flatMap((position) => {
      const value = valueOf.get(position.positionId);
      if (value === undefined) return [];
      return [{ ...position, value: { ...value, weightGross: gross > 0 ? Math.abs(value.marketValue) / gross : null } }];
    })
    .toSorted((a, b) => Math.abs(b.value.marketValue) - Math.abs(a.value.marketValue) || (a.symbol < b.symbol ? -1 : 1));
}

/** The axis is the session before and the session. */
const LAST = 1;

function valueAtLast(sources: LotSources, built: BuiltLot): Omit<PositionValue, 'weightGross'> {
  const { lot, deltaE4 } = built;
  const standing = lotStanding(sources, built, LAST);
  const history = lotHistory(sources.axis, lot);
  const valueE4 = history.valueE4[LAST - history.first]!;
  const deltaAtLast = deltaE4 === null ? valueE4 : deltaE4[LAST]!;
  return {
    sessionDate: sources.axis.sessions[LAST]!,
    quantity: Number(standing.quantityE8) / 1e8,
    price: standing.priceE6 / 1e6,
    priceSource: standing.priceSource,
    priceDate: standing.priceDate,
    ageSessions: standing.ageSessions,
    marketValue: valueE4 / 1e4,
    costBasis: lot.entryValueE4 / 1e4,
    unrealisedPnl: (valueE4 - lot.entryValueE4) / 1e4,
    deltaAdjustedValue: Number.isNaN(deltaAtLast) ? null : deltaAtLast / 1e4,
  };
}
