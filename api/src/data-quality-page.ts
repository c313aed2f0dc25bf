// The state of the market data as a page for people: the same figures as the JSON, in tables. Pure.
import type { DataQuality } from '@closebell/shared/contracts/admin-data-quality';
import { escapeHtml, page, table } from '@closebell/shared/html';

/** At the root, for a browser. */
export const DATA_QUALITY_PATH = '/admin/data-quality';

export function dataQualityPage(quality: DataQuality): string {
  const { session_date: session, symbols_count: symbols } = quality;
  return page(
    'Closebell market data',
    [
      `<p>Last complete session: ${escapeHtml(session)}. ${symbols} symbols in use.</p>`,
      '<h2>Providers</h2>',
      providers(quality),
      '<h2>Bars stored</h2>',
      table(
        ['Provider', 'Bars', `Of ${session}`],
        quality.by_provider.map(({ provider, bars, session_bars: ofSession }) => [provider, bars, ofSession]),
      ),
      ...faults(quality),
    ].join('\n'),
  );
}

function providers({ providers: all }: DataQuality): string {
  const rows = all.flatMap(({ name, position, requests_left: left, blocked_until: blockedUntil, capabilities }) => {
    const own = [name, position, leftText(left), blockedUntil];
    if (capabilities.length === 0) return [[...own, null, 'not asked over a network yet', null, null]];
    return capabilities.map((circuit) => [
      ...own,
      circuit.capability,
      STATES[circuit.state],
      circuit.last_ok_at,
      circuit.last_error === null ? null : `${circuit.last_error} (${circuit.last_error_at ?? 'unknown when'})`,
    ]);
  });
  return table(['Provider', 'Asked as', 'Requests left', 'Waits until', 'For', 'State', 'Last answer', 'Last error'], rows);
}

const STATES = {
  closed: 'asked',
  open: 'rests after failures',
  half_open: 'the next request tries it',
} as const;

function leftText(left: DataQuality['providers'][number]['requests_left']): string | null {
  if (left === null) return null;
  const { per_minute: minute, per_day: day } = left;
  const parts = [...(minute === null ? [] : [`${minute} this minute`]), ...(day === null ? [] : [`${day} today`])];
  return parts.length === 0 ? 'no limit' : parts.join(', ');
}

function faults({ without_data: without, stale, gaps, quarantined, revised }: DataQuality): readonly string[] {
  return [
    ...section(
      'Without a close',
      without.count,
      ['Symbol', 'Asked again', 'Last traded', 'What the providers said'],
      without.symbols.map((each) => [each.symbol, each.retry_at ?? 'next run', each.delisted_on, saidText(each.attempts)]),
    ),
    ...section(
      'Behind the last session',
      stale.count,
      ['Symbol', 'Last close', 'Sessions behind', 'Last traded', 'What the providers said'],
      stale.symbols.map((each) => [
        each.symbol,
        each.last_close_date,
        each.sessions_behind,
        each.delisted_on,
        saidText(each.attempts),
      ]),
    ),
    ...section(
      'Sessions missing in between',
      gaps.sessions,
      ['Symbol', 'Sessions', 'The last of them'],
      gaps.by_symbol.map(({ symbol, count, dates }) => [symbol, count, dates.join(', ')]),
    ),
    ...section(
      'Quarantined bars',
      quarantined.count,
      ['Symbol', 'Session', 'Provider', 'Close', 'Why', 'Seen last', 'Accepted'],
      quarantined.bars.map((bar) => [
        bar.symbol,
        bar.session_date,
        bar.provider,
        bar.close,
        bar.reason,
        bar.last_seen_at,
        bar.accepted_at,
      ]),
    ),
    ...section(
      'Closes revised within 30 days',
      revised.count,
      ['Symbol', 'Session', 'From', 'To', 'Provider', 'When'],
      revised.bars.map((bar) => [bar.symbol, bar.session_date, bar.from, bar.to, bar.provider, bar.revised_at]),
    ),
  ];
}

function section(
  title: string,
  count: number,
  headings: readonly string[],
  rows: Parameters<typeof table>[1],
): readonly string[] {
  return [`<h2>${title}: ${count}</h2>`, ...(rows.length === 0 ? [] : [table(headings, rows)])];
}

function saidText(attempts: DataQuality['stale']['symbols'][number]['attempts']): string {
  if (attempts.length === 0) return 'none was asked yet';
  return attempts.map(({ provider, outcome, reason }) => `${provider}: ${reason ?? outcome}`).join('; ');
}
