// How much can be withdrawn at a date: the smallest equity that is known from there on. Pure; money in units of 1e-4.
import { parseScaled } from '../calc/exact-value.js';
import type { LedgerFlow } from './ledger.js';

export type EquityKnown = Readonly<{
  /** Of the sessions whose figures hold, ascending. */
  snapshots: readonly Readonly<{ date: string; equityE4: number }>[];
  /** What the user stated, for a portfolio without such a session. */
  anchor: Readonly<{ date: string; equityE4: number }>;
  flows: readonly LedgerFlow[];
}>;

/**
 * The smallest of the equities from `date` on: as calculated, and after the last calculated session by its flows alone, as what lots earn is
 * not known there. A withdrawal of so much leaves no session below 0. `without`: a flow that the withdrawal takes the place of.
 */
export function leastEquityFrom({ snapshots, anchor, flows }: EquityKnown, date: string, without: LedgerFlow | null): number {
  const last = snapshots.at(-1) ?? anchor;
  const since = flows.filter((flow) => flow.date > last.date).toSorted((a, b) => (a.date < b.date ? -1 : 1));
  const levels = snapshots.filter((snapshot) => snapshot.date >= date);
  let equityE4 = last.equityE4;
  let before = equityE4;
  const rolled = since.map((flow) => {
    equityE4 += Number(parseScaled(flow.amount, 4));
    if (flow.date <= date) before = equityE4;
    return { date: flow.date, equityE4 };
  });
  const known = [...levels, ...endOfDays(rolled).filter((level) => level.date >= date)];
  // Between the last known day and the date nothing happens: the level there is that of the day before.
  if (last.date < date) known.push({ date, equityE4: before });
  const replacedE4 = without === null ? 0 : Number(parseScaled(without.amount, 4));
  return known
    .map((level) => level.equityE4 - (without !== null && without.date <= level.date ? replacedE4 : 0))
    .reduce((least, value) => Math.min(least, value), Infinity);
}

type Level = Readonly<{ date: string; equityE4: number }>;

/** Flows of one day count together. */
function endOfDays(levels: readonly Level[]): readonly Level[] {
  return levels.filter(({ date }, at) => levels[at + 1]?.date !== date);
}
