// One sentence after the other on a symbol that lacks prices: what, since when, why, what its lots stand at, what happens next. Pure.
import type { PortfolioDataQuality } from '@closebell/shared/contracts/portfolio-data-quality';

type Described = Omit<PortfolioDataQuality['symbols'][number], 'message'>;

/** Null when nothing is missing. */
export function symbolMessage(symbol: Described): string | null {
  const missing = missingText(symbol);
  if (missing === null) return null;
  return [`${symbol.symbol}: ${missing}.`, ...reasons(symbol), nextText(symbol)].join(' ');
}

function missingText({
  last_close_date: last,
  stale_sessions: stale,
  delisted_on: delistedOn,
  gaps,
  expected,
}: Described): string | null {
  if (last === null) return 'there is no price, so its lots stand at their entry price';
  if (delistedOn !== null) return `it has not traded since ${delistedOn}, and its lots stand at the close of ${last}`;
  const inBetween = gaps.count - (stale ?? 0);
  const carried = `${gaps.count} of ${expected} sessions have no close, the last of them ${gaps.dates[0]}; there its lots stand at the close before`;
  if (stale === null || stale === 0) return gaps.count === 0 ? null : carried;
  const since = `no close since ${last}, for ${count(stale, 'session')}, and its lots stand at that one`;
  return inBetween <= 0 ? since : `${since}; ${inBetween} sessions before it have none either`;
}

/** Of each provider that had nothing to give when it was asked last. */
function reasons({ attempts, quarantined }: Described): readonly string[] {
  const refused = attempts
    .filter(({ outcome }) => outcome !== 'ok')
    .map(({ provider, reason, outcome, at }) => `${provider} on ${at.slice(0, 10)}: ${reason ?? outcome}.`);
  const held =
    quarantined.length === 0
      ? []
      : [`${count(quarantined.length, 'bar')} that cannot be right ${quarantined.length === 1 ? 'is' : 'are'} not used.`];
  return [...refused, ...held];
}

function nextText({ retry_at: retryAt, attempts }: Described): string {
  if (retryAt !== null) return `It is asked for again in the first run after ${retryAt.slice(0, 16).replace('T', ' ')} UTC.`;
  return attempts.length === 0 ? 'It is asked for in the next run.' : 'It is asked for again in the next run.';
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
