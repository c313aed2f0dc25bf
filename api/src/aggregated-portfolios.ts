// Several portfolios of one user at one session: which of them the figures can be of.
import { loadPortfolioRisks, type PortfolioRiskRow } from '@closebell/prisma/portfolio-risk';
import { listPortfolios, type ListedPortfolio } from '@closebell/prisma/portfolios';
import { AGGREGATED_MAX } from '@closebell/shared/contracts/analytics-aggregate';
import { PORTFOLIOS_MAX } from '@closebell/shared/contracts/portfolios';
import { AppError } from '@closebell/shared/errors';
import type { RiskPart } from '@closebell/shared/risk/risk-figures';
import { notCalculated, riskOrNone } from './analysed-risk.js';
import type { NoFigures } from './analysed-portfolio.js';
import type { ApiContext } from './context.js';
import { requestFault } from './request-fault.js';
import type { Reply } from './route.js';

export type LeftOut = Readonly<{ portfolio: ListedPortfolio }> & NoFigures;

export type AggregatedPortfolios = Readonly<{
  sessionDate: string;
  /** Calculated for that session. */
  portfolios: readonly ListedPortfolio[];
  leftOut: readonly LeftOut[];
}>;

/**
 * Those asked for, or all of the user's. The session is the newest that any of them is calculated for; the others are left out, so that figures of
 * different sessions are never mixed. Throws ERR_PORT_404 where one is not the user's, ERR_REQ_001 for too many.
 */
async function findAggregated(
  { db }: Pick<ApiContext, 'db'>,
  userId: string,
  ids: readonly string[] | undefined,
): Promise<Omit<AggregatedPortfolios, 'sessionDate'> & Readonly<{ sessionDate: string | null }>> {
  const own = new Map((await listPortfolios(db.pool, userId, PORTFOLIOS_MAX)).map((portfolio) => [portfolio.id, portfolio]));
  const chosen = (ids ?? [...own.keys()]).map((id) => {
    const portfolio = own.get(id);
    if (portfolio === undefined) throw new AppError('ERR_PORT_404');
    return portfolio;
  });
  if (chosen.length > AGGREGATED_MAX) throw tooMany();
  const sessions = chosen.flatMap(({ snapshot_date: date }) => date ?? []);
  const sessionDate = sessions.toSorted((a, b) => (a < b ? -1 : 1)).at(-1) ?? null;
  return {
    sessionDate,
    portfolios: chosen.filter(({ snapshot_date: date }) => date !== null && date === sessionDate),
    leftOut: chosen
      .filter(({ snapshot_date: date }) => date === null || date !== sessionDate)
      .map((portfolio) => ({ portfolio, ...notOfSession(portfolio, sessionDate) })),
  };
}

/** Replies with what `read` makes of them, with which they are beside it. */
export async function answerAggregated<A extends object>(
  context: Pick<ApiContext, 'db'>,
  userId: string,
  ids: readonly string[] | undefined,
  read: (found: AggregatedPortfolios) => Promise<Readonly<{ of: AggregatedPortfolios; answer: A }> | NoFigures>,
): Promise<Reply> {
  const found = await findAggregated(context, userId, ids);
  const { sessionDate } = found;
  const result = sessionDate === null ? NOTHING_CALCULATED : await read({ ...found, sessionDate });
  if ('reason' in result) {
    const asked = [...found.portfolios, ...found.leftOut.map(({ portfolio }) => portfolio)];
    return { status: 200, body: { available: false, ...result, portfolio_ids: asked.map(({ id }) => id) } };
  }
  return { status: 200, body: { ...viewTogether(result.of), ...result.answer } };
}

/** Of the portfolios given, those with the part of their risk that `pick` wants; the others join those left out. Null where none has it. */
export async function readRisks<T>(
  { db }: Pick<ApiContext, 'db'>,
  found: AggregatedPortfolios,
  part: RiskPart,
  pick: (row: PortfolioRiskRow) => T | NoFigures,
): Promise<Readonly<{ of: AggregatedPortfolios; picked: readonly Readonly<{ row: PortfolioRiskRow; part: T }>[] }> | NoFigures> {
  const rows = await loadPortfolioRisks(
    db.pool,
    found.portfolios.map(({ id }) => id),
    found.sessionDate,
  );
  const judged = found.portfolios.map((portfolio) => {
    const row = riskOrNone(rows.get(portfolio.id) ?? null, found.sessionDate, part);
    const picked = isMissing(row) ? row : pick(row);
    return { portfolio, row, picked };
  });
  const picked = judged.flatMap(({ row, picked: own }) => (isMissing(row) || isMissing(own) ? [] : [{ row, part: own }]));
  const missing = judged.flatMap(({ portfolio, picked: own }) => (isMissing(own) ? [{ portfolio, ...own }] : []));
  if (picked.length === 0)
    return missing[0] ? { reason: missing[0].reason, message: missing[0].message } : notCalculated(found.sessionDate);
  const included = new Set(picked.map(({ row }) => row.portfolioId));
  const portfolios = found.portfolios.filter(({ id }) => included.has(id));
  return { of: { ...found, portfolios, leftOut: [...found.leftOut, ...missing] }, picked };
}

function isMissing<T>(value: T | NoFigures): value is NoFigures {
  return typeof value === 'object' && value !== null && 'reason' in value && 'message' in value;
}

function viewTogether({ sessionDate, portfolios, leftOut }: AggregatedPortfolios) {
  const equity = sumMoney(portfolios.map(({ net_asset_value: value }) => value ?? 0));
  const asked = equity + sumMoney(leftOut.map(({ portfolio }) => portfolio.net_asset_value ?? 0));
  return {
    available: true,
    portfolio_ids: portfolios.map(({ id }) => id),
    left_out: leftOut.map(({ portfolio, reason, message }) => ({ portfolio_id: portfolio.id, reason, message })),
    calculation_date: sessionDate,
    equity,
    coverage: asked > 0 ? equity / asked : null,
  };
}

/** The sum of stored amounts, free of digits that none of them has. */
export function sumMoney(amounts: readonly number[]): number {
  return amounts.reduce((sum, amount) => sum + Math.round(amount * 10_000), 0) / 10_000;
}

const NOTHING_CALCULATED: NoFigures = {
  reason: 'no_snapshots',
  message: 'None of these portfolios has been calculated yet. The figures are here when a first calculation has completed.',
};

function notOfSession({ snapshot_date: date }: ListedPortfolio, sessionDate: string | null): NoFigures {
  if (date === null || sessionDate === null) return { reason: 'no_snapshots', message: 'It has not been calculated yet.' };
  return {
    reason: 'no_calculation_available',
    message: `Its newest figures are of ${date}; those of ${sessionDate} come with its next calculation.`,
  };
}

function tooMany(): AppError {
  const message = `at most ${AGGREGATED_MAX} portfolios at a time: name them`;
  return requestFault('portfolio_ids', message);
}
