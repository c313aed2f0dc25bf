import { describe, expect, it } from 'vitest';
import { isCashLike } from './cash-securities.js';

describe('cash', () => {
  it.each(['CASH', 'MONEY_MARKET', 'TREASURY_BILLS'])('is what the subtype %s says', (investmentSubtype) => {
    expect(isCashLike({ symbol: 'MY_ACCOUNT', investmentSubtype })).toBe(true);
  });

  it.each(['CASH_USD', 'CASH_', 'SPAXX', 'VMFXX', 'SWVXX'])('is the symbol %s without a subtype', (symbol) => {
    expect(isCashLike({ symbol, investmentSubtype: null })).toBe(true);
  });

  it('is not a fund with a floating price, nor the stock CASH', () => {
    expect(isCashLike({ symbol: 'SGOV', investmentSubtype: 'ETF' })).toBe(false);
    expect(isCashLike({ symbol: 'CASH', investmentSubtype: 'STOCK' })).toBe(false);
  });
});
