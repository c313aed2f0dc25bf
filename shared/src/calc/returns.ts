// Total returns from raw closes and corporate actions. Adjusted closes are never stored or used: fetched piecemeal they have seams.
// In arrays of figures by session a NaN is a missing one.

/** What happens to a share between the previous close and the session at `index` of the closes. */
export type SessionAction = Readonly<{
  index: number;
  /** New shares for one old share: 4 after a 4-for-1 split, 0.1 after a 1-for-10 reverse split, 1 without a split. */
  splitRatio: number;
  /** Cash for one share held at the previous close, that is, before the split. */
  dividend: number;
}>;

/** A split or a cash dividend as announced. A dividend is per share held before any split of the same ex-date. */
export type DatedAction =
  | Readonly<{ type: 'split'; exDate: string; numerator: number; denominator: number }>
  | Readonly<{ type: 'dividend'; exDate: string; amount: number }>;

/**
 * Simple total return of each session, as a fraction: (close · split ratio + dividend) / previous close − 1. As long as `closes`; NaN in the
 * first place and wherever this or the previous session has no close (NaN, or not above 0 before it). Gaps are never bridged, so an action
 * that falls on one is left out. `closes` are raw, of consecutive sessions; `actions` at most one for each session. Throws RangeError for an action
 * outside them.
 */
export function totalReturns(closes: ArrayLike<number>, actions: readonly SessionAction[] = []): Float64Array {
  const returns = new Float64Array(closes.length).fill(Number.NaN);
  for (let i = 1; i < closes.length; i++) {
    returns[i] = simpleReturn(closes[i - 1] as number, closes[i] as number);
  }
  for (const { index, splitRatio, dividend } of actions) {
    if (!(index >= 0 && index < closes.length))
      throw new RangeError(`Corporate action at ${index}, but there are ${closes.length} closes`);
    if (index === 0) continue;
    returns[index] = simpleReturn(closes[index - 1] as number, (closes[index] as number) * splitRatio + dividend);
  }
  return returns;
}

/**
 * Announced actions by session, one entry for each session that has any, ascending. An ex-date between two sessions counts in the later one;
 * actions on or before the first session or after the last are left out, since no return spans them. `sessionDates` ascending.
 */
export function actionsBySession(sessionDates: readonly string[], actions: readonly DatedAction[]): readonly SessionAction[] {
  const bySession = new Map<number, SessionAction>();
  for (const action of actions.toSorted(inOrderOfEffect)) {
    const index = sessionDates.findIndex((sessionDate) => sessionDate >= action.exDate);
    if (index < 1) continue;
    bySession.set(index, withAction(bySession.get(index) ?? { index, splitRatio: 1, dividend: 0 }, action));
  }
  return [...bySession.values()];
}

function simpleReturn(previousClose: number, worth: number): number {
  return previousClose > 0 ? worth / previousClose - 1 : Number.NaN;
}

/** By ex-date; on the same one dividends first, as they are paid on the shares held before the split. */
function inOrderOfEffect(a: DatedAction, b: DatedAction): number {
  if (a.exDate !== b.exDate) return a.exDate < b.exDate ? -1 : 1;
  return Number(a.type === 'split') - Number(b.type === 'split');
}

function withAction(session: SessionAction, action: DatedAction): SessionAction {
  if (action.type === 'split') return { ...session, splitRatio: (session.splitRatio * action.numerator) / action.denominator };
  return { ...session, dividend: session.dividend + action.amount * session.splitRatio };
}
