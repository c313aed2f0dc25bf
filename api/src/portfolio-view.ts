// Portfolios as the API shows them. Pure.
import type { StoredPortfolioNow } from '@closebell/prisma/portfolio-now';
import type { ListedPortfolio, PortfolioRow } from '@closebell/prisma/portfolios';
import { POSITIONS_SHOWN_MAX } from '@closebell/shared/contracts/portfolios';
import type { HeldNow } from '@closebell/shared/ledger/position-now';
import { showPositions, type ShownPosition } from './positions-now.js';

export function viewTerms(portfolio: PortfolioRow) {
  return { id: portfolio.id, ...viewAccount(portfolio), description: portfolio.description };
}

export function viewAccount(portfolio: PortfolioRow) {
  return {
    portfolio_name: portfolio.name,
    account_name: portfolio.account_name,
    account_type: portfolio.account_type,
    currency: portfolio.currency,
    equity_balance: portfolio.equity_balance,
    equity_as_of: portfolio.equity_as_of,
    created_at: portfolio.created_at.toISOString(),
  };
}

export function viewPortfolio(portfolio: PortfolioRow, worth: Pick<ListedPortfolio, 'net_asset_value' | 'snapshot_date'>) {
  return { ...viewTerms(portfolio), net_asset_value: worth.net_asset_value, snapshot_date: worth.snapshot_date };
}

export function viewPortfolioNow(stored: StoredPortfolioNow, now: Date) {
  const { portfolio, newest, cash } = stored;
  const open = showPositions(stored, portfolio.currency).flatMap(({ lot, now: { held } }) =>
    held === null ? [] : [{ lot, held }],
  );
  const valueE4 = open.reduce((sum, { held }) => sum + held.valueE4, 0);
  return {
    ...viewPortfolio(portfolio, { net_asset_value: newest?.equity ?? null, snapshot_date: newest?.snapshot_date ?? null }),
    valued_at: now.toISOString(),
    total_value: (cash.cashE4 + valueE4) / 1e4,
    cash_balance: cash.cashE4 / 1e4,
    cash_is_estimated: cash.isEstimated,
    positions_value: valueE4 / 1e4,
    position_count: open.length,
    positions: open.slice(0, POSITIONS_SHOWN_MAX).map(viewHeld),
    figures_current: newest !== null && portfolio.dirty_from === null,
  };
}

function viewHeld({ lot, held }: Readonly<{ lot: ShownPosition['lot']; held: HeldNow }>) {
  return {
    id: lot.positionId,
    symbol: lot.symbol,
    quantity: Number(held.quantityE8) / 1e8,
    market_value: held.valueE4 / 1e4,
    price: held.priceE6 / 1e6,
    price_source: held.priceSource,
    price_date: held.priceDate,
    quoted_at: held.quotedAt?.toISOString() ?? null,
    is_stale: held.isStale,
  };
}
