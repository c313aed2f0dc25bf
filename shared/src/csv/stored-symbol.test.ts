import { expect, it } from 'vitest';
import { storedSymbol } from './stored-symbol.js';

it.each([
  ['pypl', 'PYPL'],
  ['brk/b', 'BRK.B'],
  ['BRK-B', 'BRK.B'],
  ['SPY   250919C00460000', 'SPY250919C00460000'],
  ['my_fund-2', 'MY_FUND-2'],
])('%s is stored as %s', (text, symbol) => {
  expect(storedSymbol(text)).toBe(symbol);
});

it.each(['', 'AA PL', '=A1', 'SPY259919C00460000', 'Ä'])('%j is no symbol', (text) => {
  expect(storedSymbol(text)).toBeNull();
});
