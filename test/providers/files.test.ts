import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import { filesProvider } from '@closebell/worker/market-data/files';
import { afterAll } from 'vitest';
import { describeProviderConformance } from './conformance.js';

const RANGE = { from: '2025-01-02', to: '2025-03-31' };
const folders: string[] = [];

afterAll(async () => {
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
});

describeProviderConformance({ name: 'files', create: folderOfPrices, symbol: 'ACME', range: RANGE, unknownSymbol: 'NOBODY' });

/** Two months around the range, a dividend in every one, the newest row first as some downloads have it. */
async function folderOfPrices() {
  const folder = await mkdtemp(join(tmpdir(), 'prices-'));
  folders.push(folder);
  const sessions = xnysCalendar().sessionsBetween('2024-11-01', '2025-05-30');
  const rows = sessions.map((session, i) => {
    const close = 50 + (i % 7);
    return `${session},${close + 0.5},${close + 1},${close - 1},${close},${1_000 * (i + 1)},${i % 20 === 0 ? 0.25 : 0},0`;
  });
  await writeFile(
    join(folder, 'acme.csv'),
    ['Date,Open,High,Low,Close,Volume,Dividends,Stock Splits', ...rows.toReversed()].join('\n'),
  );
  return filesProvider({ directory: folder });
}
