import { describe, expect, it } from 'vitest';
import { readLot, readLots, type GivenLot } from './position-form.js';

const TODAY = '2025-06-20';
const LOT: GivenLot = { symbol: 'acme', quantity: 10, entry_price: 115.25, entry_date: '2025-06-16' };
const codesOf = (lot: GivenLot): readonly string[] => {
  const read = readLot(lot, TODAY);
  return read.ok ? [] : read.errors.map(({ code, field }) => `${code} ${field}`);
};

describe('a lot of a request', () => {
  it('may give its numbers as numbers or as text', () => {
    const lots = [LOT, { ...LOT, quantity: '10.0', entry_price: ' 115.25 ' }].map((lot) => readLot(lot, TODAY));
    expect(lots[0]).toMatchObject({
      ok: true,
      lots: [{ symbol: 'ACME', quantity: '10', entryPrice: '115.25', investmentClass: 'PUBLIC' }],
    });
    expect(lots[1]).toEqual(lots[0]);
  });

  it('is told small numbers by their decimals, and by the fields of the request', () => {
    expect(codesOf({ ...LOT, quantity: 1e-7 })).toEqual(['ERR_POS_007 quantity']);
    expect(codesOf({ ...LOT, entry_price: 1e21, exit_price: -1, exit_date: TODAY })).toEqual([
      'ERR_POS_009 entry_price',
      'ERR_POS_018 exit_price',
    ]);
    expect(codesOf({})).toEqual([
      'ERR_POS_004 quantity',
      'ERR_POS_008 entry_price',
      'ERR_POS_012 entry_date',
      'ERR_POS_001 symbol',
    ]);
  });
});

it('a lot is the twin of one that is held, or of an earlier one of the request', () => {
  const twins = (given: readonly GivenLot[], held: readonly GivenLot[], allowMultipleLots: boolean) => {
    const read = readLots(given, { today: TODAY, held, allowMultipleLots });
    return read.ok ? [] : read.errors.map(({ row, code }) => [row, code]);
  };
  const other = { ...LOT, quantity: 11 };
  expect(twins([LOT, other], [], false)).toEqual([[2, 'ERR_POS_023']]);
  expect(twins([other], [LOT], false)).toEqual([[1, 'ERR_POS_023']]);
  expect(twins([other], [LOT], true)).toEqual([]);
  expect(twins([LOT], [{ ...LOT, symbol: 'ACME' }], true)).toEqual([[1, 'ERR_POS_023']]);
});
