// All that the value of one portfolio now is made of, read as of one instant: a trade that comes between two statements must not count in
// its cash and be missing from its lots.
import type { PriceSources } from '@closebell/shared/ledger/position-now';
import { pricedSymbol } from '@closebell/shared/lot-kind';
import { readCash, type CashBalance, type CashContext } from './cash.js';
import { asOfOneInstant, type Db } from './client.js';
import { loadNowSources } from './current-quotes.js';
import { inTurn } from './in-turn.js';
import { findPortfolio, type PortfolioRow } from './portfolios.js';
import { loadShownLots, type ShownLot } from './positions.js';
import { findNewestSnapshot, type NewestSnapshot } from './snapshots.js';

export type StoredPortfolioNow = Readonly<{
  portfolio: PortfolioRow;
  /** Null before the first calculation. */
  newest: NewestSnapshot | null;
  cash: CashBalance;
  /** Closed ones too. */
  lots: readonly ShownLot[];
  prices: PriceSources;
}>;

/** Null when there is no such portfolio. */
export async function loadPortfolioNow(db: Db, portfolioId: string, context: CashContext): Promise<StoredPortfolioNow | null> {
  const { calendar, now } = context;
  return asOfOneInstant(db, async (connection) => {
    const client = inTurn(connection);
    const portfolio = await findPortfolio(client, portfolioId);
    if (portfolio === null) return null;
    const lots = await loadShownLots(client, portfolioId, calendar.newYorkDate(now));
    const symbols = new Set(lots.map(pricedSymbol).filter((symbol) => symbol !== null));
    return {
      portfolio,
      lots,
      newest: await findNewestSnapshot(client, portfolioId),
      cash: await readCash(client, context, portfolioId),
      prices: await loadNowSources(client, calendar, [...symbols], now),
    };
  });
}
