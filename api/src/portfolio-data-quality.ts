// What the prices behind one portfolio's open lots lack, as of the last complete session.
import { listFetchAttempts } from '@closebell/prisma/fetch-attempts';
import { loadLedgers } from '@closebell/prisma/ledger';
import { listQuarantinedBars } from '@closebell/prisma/quarantined-bars';
import { findNewestSnapshot } from '@closebell/prisma/snapshots';
import { listRevisedCloses, listSymbolStandings } from '@closebell/prisma/symbol-coverage';
import { listCloseRanges, listProviderCloses, listRestingSessions } from '@closebell/prisma/window-closes';
import type { PortfolioDataQuality } from '@closebell/shared/contracts/portfolio-data-quality';
import { groupBy } from '@closebell/shared/grouping';
import type { LedgerLot } from '@closebell/shared/ledger/ledger';
import { openLots, READINESS_SESSIONS, symbolsToCover } from '@closebell/shared/market-data/readiness';
import type { ApiContext } from './context.js';
import { viewLots, viewSymbolQuality, type SymbolFacts } from './portfolio-data-quality-view.js';

/** Quarantined bars and revised closes read at most, the newest. */
const BARS_READ_MAX = 1_000;

/** Null when no lot is open. */
export async function readPortfolioDataQuality(
  { db, calendar }: Pick<ApiContext, 'db' | 'calendar'>,
  portfolioId: string,
  to: string,
): Promise<PortfolioDataQuality | null> {
  const [[ledger], snapshot] = await Promise.all([loadLedgers(db.pool, [portfolioId]), findNewestSnapshot(db.pool, portfolioId)]);
  const lots = openLots(ledger?.lots ?? [], to);
  if (lots.length === 0) return null;
  const from = calendar.sessionsTo(to, READINESS_SESSIONS)[0]!;
  const facts = await readFacts(db, lots, from, to);
  const symbols = facts.map((each) => viewSymbolQuality({ calendar, from, to }, each));
  const [closes, expected] = [total(symbols.map((each) => each.closes)), total(symbols.map((each) => each.expected))];
  const lastCloses = new Map(facts.flatMap(({ symbol, last }) => (last === null ? [] : [[symbol, last] as const])));
  return {
    available: true,
    portfolio_id: portfolioId,
    session_date: to,
    window: { from, to, sessions: calendar.sessionsBetween(from, to).length },
    coverage: { closes, expected, share: expected === 0 ? null : closes / expected },
    symbols,
    without_data: facts.filter(({ last }) => last === null).map(({ symbol }) => symbol),
    ...viewLots({ calendar, to }, lots, lastCloses),
    newest_snapshot:
      snapshot === null
        ? null
        : { snapshot_date: snapshot.snapshot_date, valuation: snapshot.valuation, coverage: snapshot.coverage },
    last_refresh: {
      asked_at: newest(facts.flatMap(({ attempts }) => attempts.map(({ at }) => at))),
      stored_at: newest(facts.flatMap(({ byProvider }) => byProvider.map(({ storedAt }) => storedAt))),
    },
  };
}

async function readFacts(
  { pool }: ApiContext['db'],
  lots: readonly LedgerLot[],
  from: string,
  to: string,
): Promise<readonly SymbolFacts[]> {
  const symbols = symbolsToCover(lots, to).own;
  const [ranges, standings, byProvider, resting, quarantined, revised, attempts] = await Promise.all([
    listCloseRanges(pool, symbols, to),
    listSymbolStandings(pool, symbols),
    listProviderCloses(pool, symbols, from, to),
    listRestingSessions(pool, symbols, from, to),
    listQuarantinedBars(pool, { symbols, limit: BARS_READ_MAX }),
    listRevisedCloses(pool, { symbols, from, limit: BARS_READ_MAX }),
    listFetchAttempts(pool, 'dailyBars', symbols),
  ]);
  const standingOf = new Map(standings.map((standing) => [standing.symbol, standing]));
  const ofSymbol = <T extends Readonly<{ symbol: string }>>(rows: readonly T[]): ((symbol: string) => readonly T[]) => {
    const grouped = groupBy(rows, ({ symbol }) => symbol);
    return (symbol) => grouped.get(symbol) ?? [];
  };
  const [closesOf, restingOf, quarantinedOf] = [ofSymbol(byProvider), ofSymbol(resting), ofSymbol(quarantined)];
  const [revisedOf, attemptsOf] = [ofSymbol(revised), ofSymbol(attempts)];
  return ranges.map((range) => ({
    ...range,
    standing: standingOf.get(range.symbol) ?? null,
    byProvider: closesOf(range.symbol),
    resting: restingOf(range.symbol),
    quarantined: quarantinedOf(range.symbol),
    revised: revisedOf(range.symbol),
    attempts: attemptsOf(range.symbol),
  }));
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

function newest(instants: readonly Date[]): string | null {
  return instants.length === 0 ? null : new Date(Math.max(...instants.map((instant) => instant.getTime()))).toISOString();
}
