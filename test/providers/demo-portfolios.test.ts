// The demo portfolios are priced with the simulation: if its figures change, they must be made again.
import { readFile } from 'node:fs/promises';
import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import { readPositions } from '@closebell/shared/csv/read-positions';
import { DEFAULT_SIMULATION_SEED, simulatedProvider } from '@closebell/worker/market-data/simulated';
import { describe, expect, test } from 'vitest';

const FOLDER = new URL('../../worker/src/demo/portfolios/', import.meta.url);
const PROVIDER = simulatedProvider({ seed: DEFAULT_SIMULATION_SEED });
const TODAY = '2026-07-01';

describe.each([
  ['individual', 16],
  ['high-net-worth', 17],
  ['long-short', 30],
])('%s.csv', (name, count) => {
  test(`imports without an error or warning as ${count} positions`, async () => {
    const file = await readFile(new URL(`${name}.csv`, FOLDER));
    const read = readPositions(file, `${name}.csv`, { today: TODAY, allowMultipleLots: false });
    expect(read).toMatchObject({ ok: true, errors: [], warnings: [], rowsValid: count });
  });

  test('every entry and exit is a session, at the simulated close where the simulation prices the symbol', async () => {
    const calendar = xnysCalendar();
    for (const row of await rowsOf(name)) {
      if (row.investmentClass === 'PUBLIC') expect(calendar.isSession(row.entryDate), row.symbol).toBe(true);
      if (row.investmentClass !== 'PUBLIC' || row.symbol === 'SPAXX') continue;
      expect(row.entryPrice, row.symbol).toBe(await closeOf(row.symbol, row.entryDate));
      if (row.exitDate !== '') expect(row.exitPrice, row.symbol).toBe(await closeOf(row.symbol, row.exitDate));
    }
  });
});

test('the options of the demo are alive until the end of 2027 at least', async () => {
  const options = (await rowsOf('long-short')).filter(({ investmentClass }) => investmentClass === 'OPTIONS');
  expect(options).toHaveLength(9);
  for (const { expirationDate } of options) expect(expirationDate >= '2027-12-01').toBe(true);
});

async function rowsOf(name: string) {
  const text = await readFile(new URL(`${name}.csv`, FOLDER), 'utf8');
  return text
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => {
      const [
        symbol = '',
        ,
        entryPrice,
        entryDate = '',
        investmentClass = '',
        ,
        ,
        ,
        expirationDate = '',
        ,
        exitDate = '',
        exitPrice,
      ] = line.split(',');
      return { symbol, entryPrice, entryDate, investmentClass, expirationDate, exitDate, exitPrice };
    });
}

async function closeOf(symbol: string, session: string): Promise<string> {
  const result = await PROVIDER.dailyBars(symbol, { from: session, to: session }, new AbortController().signal);
  if (result.status !== 'ok') throw new Error(`${symbol} ${session}: ${result.reason}`);
  return (result.bars[0]?.close ?? 0).toFixed(2);
}
