// What an owner says of a portfolio, whole or in part, checked as the form of an upload is.
import type { Queryable } from '@closebell/prisma/client';
import { lockLedger } from '@closebell/prisma/ledger-changes';
import { findPortfolio, updatePortfolio, type PortfolioRow } from '@closebell/prisma/portfolios';
import { readPortfolioForm, type FormOptions, type PortfolioForm } from '@closebell/shared/contracts/portfolio-form';
import { AppError } from '@closebell/shared/errors';

/** As a request gives them; what is absent is not given, null empties. */
export type GivenTerms = Readonly<{
  portfolio_name?: string | undefined;
  account_name?: string | undefined;
  account_type?: string | undefined;
  equity_balance?: string | number | undefined;
  equity_as_of?: string | undefined;
  description?: string | null | undefined;
}>;

/** Throws the first fault's code, with all of them in details.issues. */
export function requirePortfolioForm(given: GivenTerms, options: FormOptions): PortfolioForm {
  const { equity_balance: equity, description, ...texts } = given;
  const fields = {
    ...texts,
    equity_balance: equity === undefined ? undefined : String(equity),
    description: description ?? undefined,
  };
  const read = readPortfolioForm(fields, options);
  if (read.ok) return read.form;
  const [first] = read.issues;
  if (first === undefined) throw new Error('a form was refused without a fault');
  const message = first.code === 'ERR_REQ_001' ? `${first.path} ${first.message}.` : first.message;
  throw new AppError(first.code, { message, details: { issues: read.issues } });
}

/** The stored terms with those that were given in their place. */
export function requireChangedForm(stored: PortfolioRow, given: GivenTerms, options: FormOptions): PortfolioForm {
  const known: GivenTerms = {
    portfolio_name: stored.name,
    account_name: stored.account_name,
    account_type: stored.account_type,
    equity_balance: stored.equity_balance,
    equity_as_of: stored.equity_as_of,
    description: stored.description,
  };
  const changes = Object.entries(given).filter(([, value]) => value !== undefined);
  return requirePortfolioForm({ ...known, ...Object.fromEntries(changes) }, options);
}

/** Whether the balance that all figures are chained to is to be another. */
export function isOtherAnchor(stored: PortfolioRow, { equity_balance: equity, equity_as_of: asOf }: GivenTerms): boolean {
  return (
    (equity !== undefined && Number(equity) !== stored.equity_balance) || (asOf !== undefined && asOf !== stored.equity_as_of)
  );
}

/** The rest, of terms whose anchor is the stored one: a change of the balance that comes in between is not undone unseen. */
export function withoutAnchor(given: GivenTerms): GivenTerms {
  const { equity_balance: _, equity_as_of: __, ...rest } = given;
  return rest;
}

/** In the caller's transaction, under the ledger's lock: of two changes at once each keeps what the other did not name. Throws ERR_PORT_404 and ERR_PORT_001. */
export async function changeTerms(
  client: Queryable,
  portfolioId: string,
  formOf: (stored: PortfolioRow) => PortfolioForm,
): Promise<PortfolioRow> {
  await lockLedger(client, portfolioId);
  const stored = await findPortfolio(client, portfolioId);
  if (stored === null) throw new AppError('ERR_PORT_404');
  const form = formOf(stored);
  if (!(await updatePortfolio(client, portfolioId, form, form.equity_as_of ?? stored.equity_as_of)))
    throw new AppError('ERR_PORT_001');
  const changed = await findPortfolio(client, portfolioId);
  if (changed === null) throw new Error(`portfolio ${portfolioId} is gone while its ledger is locked`);
  return changed;
}
