import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatOccSymbol, parseOccSymbol, type OccContract } from './occ-symbol.js';

type Golden = Readonly<{ valid: readonly (OccContract & Readonly<{ symbol: string }>)[]; invalid: readonly string[] }>;
const golden = JSON.parse(readFileSync(new URL('./golden/occ-symbols.json', import.meta.url), 'utf8')) as Golden;

describe('parseOccSymbol', () => {
  it.each(golden.valid)('reads "$symbol"', ({ symbol, ...contract }) => {
    expect(parseOccSymbol(symbol)).toMatchObject(contract);
  });

  it.each(golden.invalid)('refuses "%s"', (symbol) => {
    expect(parseOccSymbol(symbol)).toBeNull();
  });

  it('takes lower case and blanks around for the same symbol', () => {
    expect(parseOccSymbol('  aapl240614c00100000 ')).toEqual(parseOccSymbol('AAPL  240614C00100000'));
  });

  it('marks a root that ends in a digit as adjusted', () => {
    expect(parseOccSymbol('AAPL1 250117C00150000')).toMatchObject({ root: 'AAPL1', isAdjusted: true });
    expect(parseOccSymbol('AAPL1250117C00150000')).toMatchObject({ root: 'AAPL1', isAdjusted: true });
    expect(parseOccSymbol('AAPL  250117C00150000')).toMatchObject({ isAdjusted: false });
  });

  it('refuses padding beyond the six places of the root', () => {
    expect(parseOccSymbol('AAPL   250117C00150000')).toBeNull();
  });
});

describe('formatOccSymbol', () => {
  it.each(golden.valid)('writes "$symbol" with its root padded', ({ symbol, ...contract }) => {
    const padded = symbol.slice(0, -15).trim().padEnd(6) + symbol.slice(-15);
    expect(formatOccSymbol(contract)).toBe(padded);
  });

  it('takes needless zeros in a strike', () => {
    expect(formatOccSymbol({ root: 'SPY', expirationDate: '2025-01-17', type: 'put', strike: '450.500' })).toBe(
      'SPY   250117P00450500',
    );
  });

  it('refuses what the form cannot express', () => {
    const contract: OccContract = { root: 'SPY', expirationDate: '2025-01-17', type: 'call', strike: '450' };
    for (const wrong of [
      { root: 'TOOLONG' },
      { root: '' },
      { expirationDate: '2025-02-30' },
      { expirationDate: '1999-01-15' },
      { strike: '0' },
      { strike: '1.2345' },
      { strike: '100000' },
      { strike: '-5' },
    ]) {
      expect(() => formatOccSymbol({ ...contract, ...wrong }), JSON.stringify(wrong)).toThrow(RangeError);
    }
  });

  it('is undone by parsing, whatever the contract', () => {
    const contract = fc.record({
      root: fc.stringMatching(/^([A-Z]{1,6}|[A-Z]{1,5}[0-9])$/),
      expirationDate: fc
        .integer({ min: 0, max: 36_524 })
        .map((days) => new Date(Date.UTC(2000, 0, 1 + days)).toISOString().slice(0, 10)),
      type: fc.constantFrom('call' as const, 'put' as const),
      strike: fc.integer({ min: 1, max: 99_999_999 }).map((thousandths) => String(thousandths / 1000)),
    });
    fc.assert(
      fc.property(contract, (original) => {
        const symbol = formatOccSymbol(original);
        expect(parseOccSymbol(symbol)).toMatchObject(original);
        expect(parseOccSymbol(symbol.replaceAll(' ', ''))).toMatchObject(original);
      }),
    );
  });
});
