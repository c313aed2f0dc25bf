// Portfolios as programs begin with them, and one of them whole. Pure.
import type { StoredSnapshot } from '@closebell/prisma/snapshots';
import type { PortfolioStanding } from '@closebell/prisma/portfolio-standings';
import type { PortfolioRow } from '@closebell/prisma/portfolios';
import type { CompletePortfolio } from '@closebell/shared/contracts/data-portfolios';
import type { TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import { viewAccount } from './portfolio-view.js';

type Freshness = Readonly<{ calendar: TradingCalendar; session: string }>;

/** All of a portfolio at the session of the snapshot but its lots and its history. `session` of `freshness`: the last complete one. */
export function viewComplete(portfolio: PortfolioRow, snapshot: StoredSnapshot, freshness: Freshness) {
  return {
    available: true,
    portfolio_id: portfolio.id,
    ...viewAccount(portfolio),
    description: portfolio.description,
    snapshot_date: snapshot.snapshot_date,
    net_asset_value: snapshot.equity,
    total_value: snapshot.equity,
    cash_balance: snapshot.cash,
    exposures: {
      long: snapshot.long_value,
      short: snapshot.short_value,
      gross: snapshot.gross_value,
      net: snapshot.net_value,
      options: snapshot.options_value,
      private: snapshot.private_value,
      delta_long: snapshot.delta_long,
      delta_short: snapshot.delta_short,
    },
    position_count: {
      total: snapshot.position_count,
      long: snapshot.long_count,
      short: snapshot.short_count,
      options: snapshot.option_count,
    },
    pnl: {
      daily_pnl: snapshot.daily_pnl,
      daily_return: snapshot.daily_return,
      cumulative_pnl: snapshot.cumulative_pnl,
      realized_pnl: snapshot.realised_pnl,
      capital_flow: snapshot.capital_flow,
    },
    quality: {
      ...viewFreshness(portfolio, snapshot.snapshot_date, freshness),
      valuation: snapshot.valuation,
      coverage: snapshot.coverage,
      oldest_price_date: snapshot.oldest_price_date,
      calculated_at: snapshot.created_at.toISOString(),
    },
  } satisfies Partial<CompletePortfolio>;
}

export function viewListed(
  portfolio: PortfolioRow,
  { lotsOpen, lotsClosed, firstSnapshotDate, newest }: PortfolioStanding,
  freshness: Freshness,
) {
  return {
    id: portfolio.id,
    ...viewAccount(portfolio),
    lots_open: lotsOpen,
    lots_closed: lotsClosed,
    first_snapshot_date: firstSnapshotDate,
    newest:
      newest === null
        ? null
        : {
            snapshot_date: newest.snapshotDate,
            net_asset_value: newest.equity,
            position_count: {
              total: newest.positionCount,
              long: newest.longCount,
              short: newest.shortCount,
              options: newest.optionCount,
            },
            ...viewFreshness(portfolio, newest.snapshotDate, freshness),
            valuation: newest.valuation,
            coverage: newest.coverage,
            oldest_price_date: newest.oldestPriceDate,
            calculated_at: new Date(newest.calculatedAt).toISOString(),
          },
  };
}

/** Of the figures of session `shown`: a change that waits and is of a later session leaves them as they are. */
function viewFreshness({ dirty_from: dirtyFrom }: PortfolioRow, shown: string, { calendar, session }: Freshness) {
  const behind = Math.max(0, calendar.sessionIndex(session) - calendar.sessionIndex(shown));
  return { figures_current: dirtyFrom === null || dirtyFrom > shown, sessions_behind: behind };
}
