import type { Ledger } from '@closebell/prisma/ledger';
import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import { describe, expect, it } from 'vitest';
import { planBackfill, planReplay } from './plan.js';

const calendar = xnysCalendar();
const LATEST = '2025-06-20';

/** Stated on 2 June and calculated from there to the latest session, without lots. */
const ledger: Ledger = {
  portfolioId: '5f0c9a52-7b1f-4f0e-9d0a-0d6a4e4a1c11',
  equityBalance: '1000',
  equityAsOf: '2025-06-02',
  openedOn: '2025-06-02',
  dirtyFrom: null,
  generation: 3,
  lots: [],
  flows: [],
  last: null,
};
const stored = calendar.sessionsBetween('2025-06-02', LATEST).map((date) => ({ date, equity: '1000.0000' }));
const without = (...dates: readonly string[]) => stored.filter(({ date }) => !dates.includes(date));
const and = (...dates: readonly string[]) => [...stored, ...dates.map((date) => ({ date, equity: '7.0000' }))];

describe('a replay', () => {
  it('goes on from the last good session', () => {
    expect(planReplay({ calendar, ledger, stored }, '2025-06-12', LATEST)).toMatchObject({
      ok: true,
      plan: { from: '2025-06-13', to: LATEST, sessions: 5, whole: false, lastGood: { date: '2025-06-12' }, unexplained: [] },
    });
  });

  it('takes the whole history when the stated balance is of a later session', () => {
    const later = { ...ledger, equityAsOf: '2025-06-18', openedOn: '2025-06-18', lots: [] };
    expect(planReplay({ calendar, ledger: later, stored }, '2025-06-18', LATEST)).toMatchObject({
      plan: { from: '2025-06-20', whole: false },
    });
    const anchored = { ...later, lots: [lotOf('2025-06-03')] };
    expect(planReplay({ calendar, ledger: anchored, stored }, '2025-06-12', LATEST)).toMatchObject({
      plan: { from: '2025-06-03', to: LATEST, whole: true },
    });
  });

  it('begins where an earlier change waits to be computed', () => {
    expect(planReplay({ calendar, ledger: { ...ledger, dirtyFrom: '2025-06-07' }, stored }, '2025-06-12', LATEST)).toMatchObject({
      plan: { from: '2025-06-09', dirtyFrom: '2025-06-13' },
    });
  });

  it('tells what no calculation would write: days without a session, and after the last one', () => {
    const planned = planReplay({ calendar, ledger, stored: and('2025-06-21', '2025-06-24') }, '2025-06-12', LATEST);
    expect(planned).toMatchObject({ plan: { to: LATEST, unexplained: ['2025-06-21', '2025-06-24'] } });
  });

  it.each([
    ['without snapshots', [], '2025-06-12', 'it has no snapshots yet: calculate it first'],
    ['before the history', stored, '2025-05-30', 'its history begins with 2025-06-02, after 2025-05-30'],
    ['with nothing after it', stored, LATEST, 'nothing comes after 2025-06-20: its last snapshot is of 2025-06-20'],
    ['without the last good one', without('2025-06-12'), '2025-06-12', 'it has no snapshot of 2025-06-12 to go on from'],
  ])('%s is refused', (_, sessions, after, refusal) => {
    expect(planReplay({ calendar, ledger, stored: sessions }, after, LATEST)).toMatchObject({ ok: false, refusal });
  });
});

describe('a backfill', () => {
  const plan = (sessions: typeof stored, from = '2025-06-09', to = '2025-06-13') =>
    planBackfill({ calendar, ledger, stored: sessions }, { from, to }, LATEST);

  it('computes from the first missing session to the last stored one', () => {
    expect(plan(without('2025-06-11', '2025-06-13'))).toMatchObject({
      plan: { missing: ['2025-06-11', '2025-06-13'], from: '2025-06-11', to: LATEST, whole: false },
    });
  });

  it('takes the whole history where the session before is missing too', () => {
    expect(plan(without('2025-06-06', '2025-06-09'))).toMatchObject({ plan: { from: '2025-06-02', whole: true } });
  });

  it('is complete when nothing is missing', () => {
    expect(plan(stored)).toMatchObject({ ok: false, isComplete: true });
  });

  it('is refused before the history, and beside snapshots that nothing explains', () => {
    expect(plan(stored, '2025-05-12', '2025-05-30')).toMatchObject({ isComplete: false });
    const planned = planBackfill(
      { calendar, ledger, stored: and('2025-06-24') },
      { from: '2025-06-09', to: '2025-06-24' },
      LATEST,
    );
    expect(planned).toMatchObject({ ok: false, isComplete: false });
  });
});

function lotOf(entryDate: string): Ledger['lots'][number] {
  return {
    positionId: 'a',
    symbol: 'KO',
    investmentClass: 'PUBLIC',
    investmentSubtype: null,
    quantity: '1',
    entryPrice: '60',
    entryDate,
    exitPrice: null,
    exitDate: null,
    underlyingSymbol: null,
    strikePrice: null,
    expirationDate: null,
    optionType: null,
  };
}
