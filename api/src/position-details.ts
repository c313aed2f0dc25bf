// Which of some lots are still open, and what closing the others brought in.
import type { PositionDetail } from '@closebell/prisma/position-details';
import { loadLotSources } from '@closebell/prisma/lot-sources';
import { axisOf } from '@closebell/shared/calc/price-series';
import type { DetailedPosition } from '@closebell/shared/contracts/data-positions';
import { buildLots } from '@closebell/shared/ledger/lots';
import type { ApiContext } from './context.js';
import { viewDetailed, type LotState } from './position-details-view.js';

/** In the order given. */
export async function detailPositions(
  context: ApiContext,
  positions: readonly PositionDetail[],
  includeClosed: boolean,
  now: Date,
): Promise<readonly DetailedPosition[]> {
  const { calendar } = context;
  const [today, session] = [calendar.newYorkDate(now), calendar.latestCompleteSession(now)];
  const states = positions.map((position) => ({ position, state: lotState(position, today, session) }));
  const shown = includeClosed ? states : states.filter(({ state }) => state === 'open');
  const closed = shown.filter(({ state }) => state !== 'open').map(({ position }) => position);
  const realised = await realisedPnl(context, closed, session);
  return shown.map(({ position, state }) => viewDetailed(position, state, realised.get(position.positionId) ?? null));
}

/** An option expires with the close of the last session up to its expiration. */
function lotState({ exitDate, expirationDate }: PositionDetail, today: string, session: string): LotState {
  if (exitDate !== null && exitDate <= today) return 'closed';
  return expirationDate !== null && expirationDate <= session ? 'expired' : 'open';
}

/** Exit against entry, in units of 1e-4, as the calculation books it: after splits, and at intrinsic value for an expired option. */
async function realisedPnl(
  { db, calendar, config }: ApiContext,
  lots: readonly PositionDetail[],
  session: string,
): Promise<ReadonlyMap<string, number>> {
  if (lots.length === 0) return new Map();
  const axis = axisOf(calendar, calendar.previousSession(session), session);
  const stored = await loadLotSources(db.pool, calendar, { lots, from: axis.sessions[0]!, to: session, config });
  const built = buildLots({ ...stored, axis }, lots);
  return new Map(built.map(({ entry, lot }) => [entry.positionId, lot.exitValueE4 - lot.entryValueE4]));
}
