import { describe, expect, it } from 'vitest';
import { POSITION_COLUMNS } from './columns.js';
import { readPositions } from './read-positions.js';

const HEADER = POSITION_COLUMNS.map(({ name }) => name).join(',');
const TODAY = '2026-01-16';

describe('numbers', () => {
  it.each([
    ['1,000', 'thousands separators'],
    ['$5', 'currency sign'],
    ['5%', '% sign'],
    ['1e5', 'exponent'],
    ['NaN', 'a number is needed'],
    ['Infinity', 'a number is needed'],
    ['(5)', 'minus sign'],
    ['12,5', 'decimal point'],
    ['0x10', 'digits'],
  ])('%s is none, and the message says what to write', (quantity, advice) => {
    expect(faults(`AAPL,"${quantity}",1,2024-01-15`)).toEqual([['ERR_POS_005', 'quantity', expect.stringContaining(advice)]]);
  });

  it.each([
    ['AAPL,1000000000,1,2024-01-15', 'ERR_POS_005', 'quantity'],
    ['AAPL,1,10000000,2024-01-15', 'ERR_POS_009', 'entry_price_per_share'],
    ['AAPL,100000,1000000,2024-01-15', 'ERR_POS_005', 'quantity'],
    ['SPY280121C00460000,-1000,1000000,2024-01-15', 'ERR_POS_005', 'quantity'],
    ['AAPL,100000,1,2024-01-15,,,,,,,2024-01-16,1000000', 'ERR_POS_018', 'exit_price_per_share'],
  ])('%s is too large', (row, code, field) => {
    expect(faults(row)).toEqual([[code, field, expect.stringContaining('too large')]]);
  });

  it.each(['AAPL,99999.999999,1000000,2024-01-15', 'SPY280121C00460000,999.999999,1000000,2024-01-15'])(
    '%s is just not too large',
    (row) => {
      expect(faults(row)).toEqual([]);
    },
  );

  it('may have 4 decimals in the premium of an option and 2 in other prices', () => {
    expect(faults('SPY280121C00460000,1,5.1234,2024-01-15')).toEqual([]);
    expect(faults('SPY280121C00460000,1,5.12345,2024-01-15')).toEqual([
      ['ERR_POS_011', 'entry_price_per_share', expect.anything()],
    ]);
    expect(faults('FUND_A,1,5.123,2024-01-15,PRIVATE')).toEqual([['ERR_POS_011', 'entry_price_per_share', expect.anything()]]);
    expect(faults('AAPL,1,5.1200,2024-01-15')).toEqual([]);
  });
});

describe('dates', () => {
  it.each([
    ['2024-02-30', 'ERR_POS_013'],
    ['2023-02-29', 'ERR_POS_013'],
    ['1900-02-29', 'ERR_POS_013'],
    ['2024-13-01', 'ERR_POS_013'],
    ['20240115', 'ERR_POS_013'],
    ['2026-01-17', 'ERR_POS_014'],
    ['1926-01-15', 'ERR_POS_015'],
  ])('%s gives %s', (date, code) => {
    expect(faults(`AAPL,1,1,${date}`)).toEqual([[code, 'entry_date', expect.stringContaining(date)]]);
  });

  it.each(['2026-01-16', '1926-01-16', '2024-02-29', '2000-02-29'])('%s is a good entry date', (date) => {
    expect(faults(`AAPL,1,1,${date}`)).toEqual([]);
  });

  it.each([
    ['2024-01-14,5', 'exit_date'],
    ['2026-01-17,5', 'exit_date'],
    ['tomorrow,5', 'exit_date'],
    [',5', 'exit_date'],
    ['2024-01-16,', 'exit_price_per_share'],
    ['2024-01-16,-1', 'exit_price_per_share'],
    ['2024-01-16,$5', 'exit_price_per_share'],
    ['2024-01-16,5.125', 'exit_price_per_share'],
  ])('the exit %s is ERR_POS_018', (exit, field) => {
    expect(faults(`AAPL,1,1,2024-01-15,,,,,,,${exit}`)).toEqual([['ERR_POS_018', field, expect.anything()]]);
  });
});

describe('investment class', () => {
  it.each([
    ['AAPL,1,1,2024-01-15', 'PUBLIC'],
    ['cash_usd,1,1,2024-01-15', 'PRIVATE'],
    ['SPY280121C00460000,1,1,2024-01-15', 'OPTIONS'],
    ['MINE,1,1,2024-01-15,,,SPY,460,2028-01-21,PUT', 'OPTIONS'],
    ['AAPL,1,1,2024-01-15,private', 'PRIVATE'],
  ])('of %s is %s', (row, investmentClass) => {
    expect(positions(row)).toMatchObject([{ investmentClass }]);
  });

  it('of an option symbol cannot be PUBLIC: it would be worth a hundredth', () => {
    expect(faults('SPY280121C00460000,1,1,2024-01-15,PUBLIC')).toEqual([
      ['ERR_POS_016', 'investment_class', expect.stringContaining('OPTIONS')],
    ]);
  });

  it('is named when a subtype belongs to another one', () => {
    expect(faults('AAPL,1,1,2024-01-15,,ART')).toEqual([
      ['ERR_POS_017', 'investment_subtype', expect.stringContaining('ART belongs to Investment Class PRIVATE')],
    ]);
  });
});

describe('options', () => {
  it.each([
    ['QQQ,460,2028-01-21,CALL', 'ERR_POS_019', 'underlying_symbol'],
    ['SPY,461,2028-01-21,CALL', 'ERR_POS_020', 'strike_price'],
    ['SPY,460,2028-01-20,CALL', 'ERR_POS_021', 'expiration_date'],
    ['SPY,460,2028-01-21,PUT', 'ERR_POS_022', 'option_type'],
  ])('columns %s must agree with SPY280121C00460000', (columns, code, field) => {
    expect(faults(`SPY280121C00460000,1,1,2024-01-15,,,${columns}`)).toEqual([[code, field, expect.stringContaining('agree')]]);
  });

  it.each([
    ['X_CALL,1,1,2024-01-15,OPTIONS', ['ERR_POS_019', 'ERR_POS_020', 'ERR_POS_021', 'ERR_POS_022']],
    [',1,1,2024-01-15,OPTIONS,,,460,2028-01-21,CALL', ['ERR_POS_019', 'ERR_POS_001']],
    ['X,1,1,2024-01-15,,,SPY,-1,2028-01-21,CALL', ['ERR_POS_020']],
    ['X,1,1,2024-01-15,,,SPY,1.2345,2028-01-21,CALL', ['ERR_POS_020']],
    ['X,1,1,2024-01-15,,,SPY,100000,2028-01-21,CALL', ['ERR_POS_020']],
    ['X,1,1,2024-01-15,,,SPY,460,2028-02-30,CALL', ['ERR_POS_021']],
    ['X,1,1,2024-01-15,,,SPY,460,2028-01-21,STRADDLE', ['ERR_POS_022']],
    ['SPY230120C00460000,1,1,2024-01-15', ['ERR_POS_021']],
    ['SPY281321C00460000,1,1,2024-01-15', ['ERR_POS_003']],
    ['SPY280121C00460000,1,1,2024-01-15,,PUT', ['ERR_POS_017']],
    [',1,1,2024-01-15,,,TOOLONGROOT,460,2028-01-21,CALL', ['ERR_POS_001']],
  ])('%s has every fault of its option columns', (row, expected) => {
    expect(faults(row).map(([code]) => code)).toEqual(expected);
  });

  it('take their type from the subtype when Option Type is empty', () => {
    expect(positions(',1,1,2024-01-15,,put,SPY,460,2028-01-21')).toMatchObject([
      { optionType: 'PUT', symbol: 'SPY280121P00460000' },
    ]);
  });

  it('with an adjusted root are on the plain underlying, and warned of', () => {
    const result = read('AAPL1 280121C00150000,1,1,2024-01-15,,,AAPL');
    expect(result).toMatchObject({
      totalErrors: 0,
      warnings: [expect.stringContaining('adjusted')],
      positions: [{ underlyingSymbol: 'AAPL' }],
    });
  });
});

describe('duplicates', () => {
  it.each([
    ['one symbol in two spellings', 'BRK/B,1,1,2024-01-15', 'brk-b,2,3,2024-01-15'],
    [
      'one contract, by symbol and by columns',
      'SPY280121C00460000,1,1,2024-01-15',
      'MINE,2,1,2024-01-15,,,SPY,460,2028-01-21,CALL',
    ],
    ['a row that has another fault too', 'AAPL,1,1,2024-01-15', 'AAPL,x,1,2024-01-15'],
  ])('are %s on one entry date', (_, first, second) => {
    expect(faults(first, second).at(-1)).toEqual([
      'ERR_POS_023',
      'symbol',
      expect.stringMatching(/row 2.*allow_multiple_lots=true/),
    ]);
  });

  it.each([
    [
      'two contracts on one underlying',
      'SPY,1,1,2024-01-15,,,SPY,460,2028-01-21,CALL',
      'SPY,1,1,2024-01-15,,,SPY,460,2028-01-21,PUT',
    ],
    ['weekly and monthly index options', 'SPX280121C04600000,1,1,2024-01-15', 'SPXW280121C04600000,1,1,2024-01-15'],
    ['another entry date', 'AAPL,1,1,2024-01-15', 'AAPL,1,1,2024-01-16'],
  ])('are not %s', (_, first, second) => {
    expect(faults(first, second)).toEqual([]);
  });

  it('are lots when the upload allows them, but for exact copies', () => {
    const rows = ['AAPL,1,1,2024-01-15', 'AAPL,2,1,2024-01-15', 'AAPL,1,1.5,2024-01-15', 'AAPL,1.0,1.00,2024-01-15'];
    const result = read(...rows, { allowMultipleLots: true });
    expect(result.ok && result.errors.map(({ row, code }) => [row, code])).toEqual([[5, 'ERR_POS_023']]);
  });
});

type LastArgument = string | { readonly allowMultipleLots: boolean };

function read(...given: readonly LastArgument[]) {
  const rows = given.filter((one) => typeof one === 'string');
  const allowMultipleLots = given.some((one) => typeof one !== 'string' && one.allowMultipleLots);
  return readPositions(new TextEncoder().encode([HEADER, ...rows].join('\n')), 'a.csv', { today: TODAY, allowMultipleLots });
}

function faults(...rows: readonly string[]) {
  const result = read(...rows);
  if (!result.ok) throw new Error(result.fileError.message);
  return result.errors.map(({ code, field, message }) => [code, field, message]);
}

function positions(...rows: readonly string[]) {
  const result = read(...rows);
  if (!result.ok || result.totalErrors > 0) throw new Error(JSON.stringify(result));
  return result.positions;
}
