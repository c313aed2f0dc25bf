import { listPortfolios as listStored, type ListedPortfolio, type PortfolioRow } from '@closebell/prisma/portfolios';
import { findNewestSnapshot, findSnapshot, findSnapshotRange } from '@closebell/prisma/snapshots';
import { inPlural } from '@closebell/shared/contracts/calculation';
import { getPortfolio, listPortfolios, PORTFOLIOS_MAX } from '@closebell/shared/contracts/portfolios';
import { getSnapshot } from '@closebell/shared/contracts/snapshots';
import type { Router } from 'express';
import type { ApiContext } from '../context.js';
import { requireReadable } from '../portfolio-access.js';
import { route } from '../route.js';
import { readSnapshotInputs } from '../snapshot-inputs.js';
import { viewSnapshotInputs } from '../snapshot-view.js';

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

  for (const definition of [getSnapshot, inPlural(getSnapshot)]) {
    route(router, context, definition, async ({ params, principal }) => {
      const portfolio = await requireReadable(db, params.id, principal.userId);
      const snapshot = await findSnapshot(db.pool, portfolio.id, params.date);
      const inputs = snapshot === null ? null : await readSnapshotInputs(context, portfolio.id, snapshot);
      if (snapshot !== null && inputs !== null) return { status: 200, body: viewSnapshotInputs(portfolio.id, snapshot, inputs) };
      return { status: 200, body: await noSnapshot(context, portfolio.id, params.date) };
    });
  }
}

async function noSnapshot({ db, calendar }: ApiContext, portfolioId: string, date: string) {
  const { first, last } = await findSnapshotRange(db.pool, portfolioId);
  const isKnown = date > calendar.firstDate && date <= calendar.lastDate;
  return {
    available: false,
    reason: 'no_snapshots',
    portfolio_id: portfolioId,
    metadata: {
      is_session: isKnown && calendar.isSession(date),
      previous_session: isKnown ? calendar.previousSession(date) : null,
      first_snapshot_date: first,
      last_snapshot_date: last,
    },
  };
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

/** Sums money in whole units of 1e-4, so that the total has no digits that its parts lack. */
function addMoney(values: readonly number[]): number {
  return values.reduce((total, value) => total + Math.round(value * 10_000), 0) / 10_000;
}
