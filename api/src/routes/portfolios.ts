import { listPortfolios as listStored, type ListedPortfolio, type PortfolioRow } from '@closebell/prisma/portfolios';
import { findNewestSnapshot, listSnapshots, type SnapshotRow } from '@closebell/prisma/snapshots';
import { getHistory, getPortfolio, listPortfolios, PORTFOLIOS_MAX } from '@closebell/shared/contracts/portfolios';
import type { Router } from 'express';
import type { ApiContext } from '../context.js';
import { requireReadable } from '../portfolio-access.js';
import { route } from '../route.js';

export function portfolioRoutes(router: Router, context: ApiContext): void {
  const { db } = context;

  route(router, context, listPortfolios, async ({ principal }) => {
    const portfolios = await listStored(db.pool, principal.userId, PORTFOLIOS_MAX);
    const values = portfolios.map(({ net_asset_value: value }) => value).filter((value) => value !== null);
    return {
      status: 200,
      body: {
        portfolios: portfolios.map((portfolio) => viewPortfolio(portfolio, portfolio)),
        total_count: portfolios.length,
        active_count: portfolios.length,
        net_asset_value: values.length === 0 ? null : addMoney(values),
        without_net_asset_value: portfolios.length - values.length,
      },
    };
  });

  route(router, context, getPortfolio, async ({ params, principal }) => {
    const portfolio = await requireReadable(db, params.id, principal.userId);
    const newest = await findNewestSnapshot(db.pool, portfolio.id);
    const worth = { net_asset_value: newest?.equity ?? null, snapshot_date: newest?.snapshot_date ?? null };
    return {
      status: 200,
      body: {
        ...viewPortfolio(portfolio, worth),
        total_value: worth.net_asset_value,
        cash_balance: newest?.cash ?? null,
        position_count: newest?.position_count ?? null,
        figures_current: newest !== null && portfolio.dirty_from === null,
      },
    };
  });

  route(router, context, getHistory, async ({ params, query, principal }) => {
    const portfolio = await requireReadable(db, params.id, principal.userId);
    const { from, to, cursor, limit } = query;
    // One row more than the page tells whether there is another page.
    const rows = await listSnapshots(db.pool, portfolio.id, { from, to, after: cursor, limit: limit + 1 });
    const page = rows.slice(0, limit);
    const nextCursor = rows.length > limit ? (page.at(-1)?.snapshot_date ?? null) : null;
    return { status: 200, body: { portfolio_id: portfolio.id, snapshots: page.map(viewSnapshot), next_cursor: nextCursor } };
  });
}

function viewPortfolio(portfolio: PortfolioRow, worth: Pick<ListedPortfolio, 'net_asset_value' | 'snapshot_date'>) {
  return {
    id: portfolio.id,
    portfolio_name: portfolio.name,
    account_name: portfolio.account_name,
    account_type: portfolio.account_type,
    currency: portfolio.currency,
    equity_balance: portfolio.equity_balance,
    equity_as_of: portfolio.equity_as_of,
    description: portfolio.description,
    net_asset_value: worth.net_asset_value,
    snapshot_date: worth.snapshot_date,
    created_at: portfolio.created_at.toISOString(),
  };
}

function viewSnapshot(row: SnapshotRow) {
  return {
    snapshot_date: row.snapshot_date,
    equity: row.equity,
    total_value: row.equity,
    cash: row.cash,
    long: row.long_value,
    short: row.short_value,
    gross: row.gross_value,
    net: row.net_value,
    daily_pnl: row.daily_pnl,
    daily_return: row.daily_return,
    capital_flow: row.capital_flow,
    status: row.valuation,
    coverage: row.coverage,
  };
}

/** Sums money in whole units of 1e-4, so that the total has no digits that its parts lack. */
function addMoney(values: readonly number[]): number {
  return values.reduce((total, value) => total + Math.round(value * 10_000), 0) / 10_000;
}
