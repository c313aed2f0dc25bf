import {
  deleteEquityChange as removeChange,
  findEquityChange,
  insertEquityChange,
  listEquityChanges as listStored,
  sumEquityChanges,
  updateEquityChange,
  type EquityChangeRow,
} from '@closebell/prisma/equity-changes';
import {
  addEquityChange,
  DELETE_DAYS,
  deleteEquityChange,
  EDIT_DAYS,
  editEquityChange,
  getEquityChange,
  listEquityChanges,
  summariseEquityChanges,
} from '@closebell/shared/contracts/equity-changes';
import { AppError } from '@closebell/shared/errors';
import type { Router } from 'express';
import type { ApiContext } from '../context.js';
import { requireChangeable, requireEnterable, requireEquity, termsOf } from '../equity-change-entry.js';
import { changeLedger } from '../ledger-change-answer.js';
import { cutPage } from '../page.js';
import { requireReadable, requireWritable } from '../portfolio-access.js';
import { routeBoth } from '../route.js';

export function equityChangeRoutes(router: Router, context: ApiContext): void {
  // Before the one of an id, which would take "summary" for one.
  summaryRoute(router, context);
  readRoutes(router, context);
  entryRoute(router, context);
  correctionRoutes(router, context);
}

function summaryRoute(router: Router, context: ApiContext): void {
  const { db } = context;
  routeBoth(router, context, summariseEquityChanges, async ({ params, principal }) => {
    const portfolio = await requireReadable(db, params.id, principal.userId);
    const totals = await sumEquityChanges(db.pool, portfolio.id);
    const [last] = await listStored(db.pool, portfolio.id, { limit: 1 });
    return {
      status: 200,
      body: { portfolio_id: portfolio.id, ...totals, last_change: last === undefined ? null : viewChange(last) },
    };
  });
}

function readRoutes(router: Router, context: ApiContext): void {
  const { db } = context;

  routeBoth(router, context, listEquityChanges, async ({ params, query, principal }) => {
    const portfolio = await requireReadable(db, params.id, principal.userId);
    const { change_type: changeType, from, to, cursor: before, limit } = query;
    const rows = await listStored(db.pool, portfolio.id, { changeType, from, to, before, limit: limit + 1 });
    const { page, nextCursor } = cutPage(rows, limit, ({ id }) => id);
    return { status: 200, body: { portfolio_id: portfolio.id, equity_changes: page.map(viewChange), next_cursor: nextCursor } };
  });

  routeBoth(router, context, getEquityChange, async ({ params, principal }) => {
    const portfolio = await requireReadable(db, params.id, principal.userId);
    const found = await findEquityChange(db.pool, portfolio.id, params.change);
    if (found === null) throw new AppError('ERR_EQUITY_008');
    return { status: 200, body: viewChange(found) };
  });
}

function entryRoute(router: Router, context: ApiContext): void {
  const { db, calendar } = context;
  routeBoth(router, context, addEquityChange, async ({ params, body, principal, requestId, keyHold, now }) => {
    const { id: portfolioId } = await requireWritable(db, params.id, principal.userId);
    requireEnterable(body, calendar.newYorkDate(now));
    const terms = termsOf(body);
    const request = { portfolioId, principal, requestId, now, keyHold };
    const { made, figures } = await changeLedger(context, request, async (client, ledger) => {
      await requireEquity(client, portfolioId, ledger, terms);
      return { made: viewChange(await insertEquityChange(client, portfolioId, terms)), days: daysOf(terms.changeDate) };
    });
    const headers = { Location: `/api/v1/portfolios/${portfolioId}/equity-changes/${made.id}` };
    return { status: 201, headers, body: { ...made, ...figures } };
  });
}

function correctionRoutes(router: Router, context: ApiContext): void {
  const { db, calendar } = context;

  routeBoth(router, context, editEquityChange, async ({ params, body, principal, requestId, now }) => {
    const { id: portfolioId } = await requireWritable(db, params.id, principal.userId);
    const { made, figures } = await changeLedger(context, { portfolioId, principal, requestId, now }, async (client, ledger) => {
      const before = await requireChangeable(client, portfolioId, params.change, 'edit');
      const entered = {
        change_type: body.change_type ?? before.change_type,
        amount: body.amount ?? Number(before.amount),
        change_date: body.change_date ?? before.change_date,
        notes: body.notes === undefined ? before.notes : body.notes,
      };
      requireEnterable(entered, calendar.newYorkDate(now));
      const terms = termsOf(entered);
      await requireEquity(client, portfolioId, ledger, terms, before);
      const made = viewChange(await updateEquityChange(client, before.id, terms));
      return { made, days: daysOf(before.change_date, terms.changeDate) };
    });
    return { status: 200, body: { ...made, ...figures } };
  });

  routeBoth(router, context, deleteEquityChange, async ({ params, principal, requestId, now }) => {
    const { id: portfolioId } = await requireWritable(db, params.id, principal.userId);
    const { made, figures } = await changeLedger(context, { portfolioId, principal, requestId, now }, async (client) => {
      const before = await requireChangeable(client, portfolioId, params.change, 'delete');
      await removeChange(client, before.id);
      return { made: { id: before.id, deleted: true }, days: daysOf(before.change_date) };
    });
    return { status: 200, body: { ...made, ...figures } };
  });
}

/** A flow is of its day alone; one that is moved is of both days. */
function daysOf(date: string, other = date) {
  return date < other ? { from: date, until: other } : { from: other, until: date };
}

const DAY_MS = 86_400_000;

function viewChange(change: EquityChangeRow) {
  const daysAfter = (days: number): string => new Date(change.created_at.getTime() + days * DAY_MS).toISOString();
  return {
    id: change.id,
    portfolio_id: change.portfolio_id,
    change_type: change.change_type,
    amount: Number(change.amount),
    change_date: change.change_date,
    notes: change.notes,
    created_at: change.created_at.toISOString(),
    editable_until: daysAfter(EDIT_DAYS),
    deletable_until: daysAfter(DELETE_DAYS),
  };
}
