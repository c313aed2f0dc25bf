import { describe, expect, it } from 'vitest';
import { isCashLike } from '../cash-securities.js';
import { readPositions } from './read-positions.js';
import { csvTemplate } from './template.js';

describe('the template', () => {
  const bytes = new TextEncoder().encode(csvTemplate());
  const result = readPositions(bytes, 'closebell_portfolio_template.csv', { today: '2021-12-31', allowMultipleLots: false });

  it('imports unchanged, without an error or a warning', () => {
    expect(result).toMatchObject({ ok: true, totalErrors: 0, errors: [], warnings: [], rowsTotal: 7, rowsValid: 7 });
  });

  it('shows a stock, an option, an ETF, a short, a money-market fund, a closed position and a private asset', () => {
    if (!result.ok) throw new Error(result.fileError.message);
    const [stock, option, etf, short, fund, closed, asset] = result.positions;
    expect(stock).toMatchObject({ investmentClass: 'PUBLIC', investmentSubtype: 'STOCK' });
    expect(option).toMatchObject({ investmentClass: 'OPTIONS', underlyingSymbol: 'SPY', expirationDate: '2028-01-21' });
    expect(etf).toMatchObject({ investmentSubtype: 'ETF' });
    expect(short).toMatchObject({ quantity: '-20' });
    expect(fund).toSatisfy(isCashLike);
    expect(closed).toMatchObject({ exitDate: '2021-11-15', exitPrice: '336.07' });
    expect(asset).toMatchObject({ investmentClass: 'PRIVATE' });
  });

  it('names the nine account types', () => {
    expect(csvTemplate()).toContain('taxable ira roth_ira 401k 403b 529 hsa trust other');
  });

  it('has guide lines that a spreadsheet writes back as they are', () => {
    const guide = csvTemplate()
      .split('\r\n')
      .filter((line) => line.startsWith('#'));
    expect(guide.length).toBeGreaterThan(12);
    for (const line of guide) expect(line).not.toMatch(/[,"]/);
  });
});
