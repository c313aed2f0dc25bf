// Figures before and after, session by session and column by column. Pure.
import type { FiguresImage } from '@closebell/prisma/replays';
import { formatScaled, parseScaled } from '@closebell/shared/calc/exact-value';

export type ColumnChange = Readonly<{ column: string; before: string | null; after: string | null }>;

export type SessionChange = Readonly<{ date: string }> &
  (Readonly<{ change: 'added' | 'removed' }> | Readonly<{ change: 'changed'; columns: readonly ColumnChange[] }>);

export type Comparison = Readonly<{ sessions: readonly SessionChange[]; lotValuesDiffer: boolean }>;

/** Oldest first; empty when both are equal to the byte. */
export function compareFigures(before: FiguresImage, after: FiguresImage): Comparison {
  const dates = [...new Set([...before.sessions.keys(), ...after.sessions.keys()])].toSorted((a, b) => (a < b ? -1 : 1));
  return {
    sessions: dates.flatMap((date): readonly SessionChange[] => {
      const [old, fresh] = [before.sessions.get(date), after.sessions.get(date)];
      if (old === undefined) return [{ date, change: 'added' }];
      if (fresh === undefined) return [{ date, change: 'removed' }];
      const columns = Object.keys({ ...old, ...fresh })
        .map((column) => ({ column, before: old[column] ?? null, after: fresh[column] ?? null }))
        .filter((each) => each.before !== each.after);
      return columns.length === 0 ? [] : [{ date, change: 'changed', columns }];
    }),
    lotValuesDiffer: before.lotValues !== after.lotValues,
  };
}

const DIFFERENCES_SHOWN = 10;

/** The figures of both, and where they differ. */
export function renderComparison(before: FiguresImage, after: FiguresImage): readonly string[] {
  const { sessions, lotValuesDiffer } = compareFigures(before, after);
  const verdict =
    sessions.length === 0
      ? `all ${after.sessions.size} sessions equal to the byte`
      : `${sessions.length} session(s) differ${sessions.length > DIFFERENCES_SHOWN ? `, the first ${DIFFERENCES_SHOWN}` : ''}:`;
  return [
    `  before  ${renderImage(before)}`,
    `  after   ${renderImage(after)}`,
    `  ${verdict}`,
    ...sessions.slice(0, DIFFERENCES_SHOWN).map((change) => `    ${renderChange(change)}`),
    ...(lotValuesDiffer ? ['  the values of the lots differ'] : []),
  ];
}

function renderImage({ sessions }: FiguresImage): string {
  const last = [...sessions.values()].at(-1);
  if (last === undefined) return 'no sessions';
  const pnlE4 = [...sessions.values()].reduce((sum, { daily_pnl: pnl }) => sum + parseScaled(pnl ?? '0', 4), 0n);
  const hash = last['input_hash']?.replace(/^\\x/, '').slice(0, 16);
  return `${sessions.size} session(s), equity ${last['equity']}, pnl ${formatScaled(pnlE4, 4)}, input_hash ${hash}`;
}

function renderChange(session: SessionChange): string {
  if (session.change !== 'changed') return `${session.date} ${session.change}`;
  const columns = session.columns.map(({ column, before, after }) => `${column} ${before ?? 'none'} → ${after ?? 'none'}`);
  return `${session.date} ${columns.join(', ')}`;
}
