import { expect, it } from 'vitest';
import { csvLine } from './csv-line.js';
import { readTargetPrices } from './read-target-prices.js';
import { neutralised, withoutNeutralising } from './target-columns.js';

const read = (text: string) => {
  const result = readTargetPrices(new TextEncoder().encode(text));
  if (!result.ok) throw new Error(result.fileError.message);
  return result;
};
const codeOf = (text: string | Uint8Array): string | null => {
  const result = readTargetPrices(typeof text === 'string' ? new TextEncoder().encode(text) : text);
  return result.ok ? null : result.fileError.code;
};

it('reads columns in any order and spelling, and leaves out what is empty', () => {
  const { targets, errors, warnings } = read(
    '\uFEFFTarget Price;SYMBOL;Downside_Price;Notes;Target Date;Rating\r\n150.250;brk/b;;"a;b";2026-01-15;buy\r\n# comment\r\n;;;;;\r\n1;spy 250919c00460000;0;;;\r\n',
  );
  expect(errors).toEqual([]);
  expect(targets).toEqual([
    { symbol: 'BRK.B', targetPrice: '150.25', targetDate: '2026-01-15', downsidePrice: null, notes: 'a;b' },
    { symbol: 'SPY250919C00460000', targetPrice: '1', targetDate: null, downsidePrice: '0', notes: null },
  ]);
  expect(warnings).toEqual(['The column "Rating" is ignored.']);
});

it('names every fault of every row, with its line', () => {
  const { targets, errors } = read(
    `symbol,target_price,target_date,downside_price,notes
,1,,,
A B,0,2026-02-30,-1,${'n'.repeat(501)}
OK,5,,,
ok,6,1899-12-31,$5,
X,,,1e5,
Y,1.1234567,,10000000,
${'Z'.repeat(101)},1,,,
W,1,,,,more
`,
  );
  expect(targets).toEqual([{ symbol: 'OK', targetPrice: '5', targetDate: null, downsidePrice: null, notes: null }]);
  expect(errors.map(({ row, code, field }) => `${row} ${code} ${field}`)).toEqual([
    '2 ERR_POS_001 symbol',
    '3 ERR_POS_003 symbol',
    '3 ERR_TARGET_006 notes',
    '3 ERR_TARGET_004 target_price',
    '3 ERR_TARGET_005 target_date',
    '3 ERR_TARGET_004 downside_price',
    '5 ERR_POS_023 symbol',
    '5 ERR_TARGET_005 target_date',
    '5 ERR_TARGET_004 downside_price',
    '6 ERR_TARGET_004 target_price',
    '6 ERR_TARGET_004 downside_price',
    '7 ERR_TARGET_004 target_price',
    '7 ERR_TARGET_004 downside_price',
    '8 ERR_POS_002 symbol',
    '9 ERR_CSV_006 row',
  ]);
});

it.each([
  ['ERR_CSV_001', new Uint8Array(2 * 1024 * 1024 + 1)],
  ['ERR_CSV_003', ''],
  ['ERR_CSV_003', 'symbol,target_price\n'],
  ['ERR_CSV_004', 'symbol,notes\nA,1\n'],
  ['ERR_CSV_005', 'symbol,target_price,Target Price\nA,1,2\n'],
  ['ERR_CSV_006', 'symbol,target_price\nA,"1\n'],
  ['ERR_CSV_006', Uint8Array.of(0x50, 0x4b, 3, 4)],
  ['ERR_CSV_006', `symbol,target_price\n${Array.from({ length: 1_001 }, (_, i) => `S${i},1\n`).join('')}`],
  ['ERR_CSV_006', `symbol,target_price\n${',\n'.repeat(500_000)}`],
])('a file of no use is %s', (code, text) => {
  expect(codeOf(text)).toBe(code);
});

it('takes 1,000 rows', () => {
  expect(read(`symbol,target_price\n${Array.from({ length: 1_000 }, (_, i) => `S${i},1\n`).join('')}`).targets).toHaveLength(
    1_000,
  );
});

it.each(['=1+1', "'=1+1", "''@x", '-5', "'quoted'", 'a\nb', '"say", he said'])('%j comes back as it went out', (text) => {
  expect(withoutNeutralising(neutralised(text))).toBe(text);
  expect(read(`symbol,target_price,notes\n${csvLine(['A', 1, neutralised(text)])}`).targets[0]!.notes).toBe(text);
});
