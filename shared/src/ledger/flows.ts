// Contributions and withdrawals by the session they count in.
import { parseScaled } from '../calc/exact-value.js';
import type { Flow } from '../calc/portfolio-history.js';
import type { LedgerFlow } from './ledger.js';
import { indexOnAxis, type LotSources } from './lots.js';

/** The flows of sessions 1 … of the axis: a date without a session counts in the next one. */
export function bookedFlows(sources: Pick<LotSources, 'calendar' | 'axis'>, flows: readonly LedgerFlow[]): readonly Flow[] {
  return flows
    .map(({ date, amount }) => ({ index: indexOnAxis(sources, date), amountE4: Number(parseScaled(amount, 4)) }))
    .filter(({ index }) => index >= 1 && Number.isFinite(index));
}
