// The lots of a portfolio valued now: in one read of the lots, and three of the prices they share.
import { loadNowSources } from '@closebell/prisma/current-quotes';
import { loadShownLots, type ShownLot } from '@closebell/prisma/positions';
import type { PortfolioRow } from '@closebell/prisma/portfolios';
import { positionNow, type PositionNow, type PriceSources } from '@closebell/shared/ledger/position-now';
import { pricedSymbol } from '@closebell/shared/lot-kind';
import type { ApiContext } from './context.js';

export type ShownPosition = Readonly<{ lot: ShownLot; now: PositionNow }>;

/** By symbol, entry date and id; closed lots too. */
export async function readPositionsNow(
  { db, calendar }: Pick<ApiContext, 'db' | 'calendar'>,
  { id, currency }: Pick<PortfolioRow, 'id' | 'currency'>,
  now: Date,
): Promise<readonly ShownPosition[]> {
  const lots = await loadShownLots(db.pool, id, calendar.newYorkDate(now));
  const symbols = new Set(lots.map(pricedSymbol).filter((symbol) => symbol !== null));
  return showPositions({ lots, prices: await loadNowSources(db.pool, calendar, [...symbols], now) }, currency);
}

type LoadedLots = Readonly<{ lots: readonly ShownLot[]; prices: PriceSources }>;

/** In the same order. */
export function showPositions({ lots, prices }: LoadedLots, currency: string): readonly ShownPosition[] {
  return lots
    .map((lot) => ({ lot, place: placeOf(lot) }))
    .sort((a, b) => (a.place < b.place ? -1 : 1))
    .map(({ lot }) => {
      const { manualPriceE6, model } = lot;
      return { lot, now: positionNow(prices, { entry: lot, currency, manualPriceE6, model }) };
    });
}

/** Where a lot stands in a list, and the cursor of the page that follows it. A ! sorts before every character of a symbol. */
export function placeOf({ symbol, entryDate, positionId }: ShownLot): string {
  return `${symbol}!${entryDate}!${positionId}`;
}

/** The market value of all open lots without their signs, in units of 1e-4. */
export function grossOf(positions: readonly ShownPosition[]): number {
  return positions.reduce((gross, { now }) => gross + Math.abs(now.held?.valueE4 ?? 0), 0);
}
