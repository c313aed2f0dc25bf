import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPositions } from './read-positions.js';

const SAMPLES = join(process.env['CLOSEBELL_SHARED_DATA'] ?? '../shared/data', 'brokers');

const SAMPLES_BY_BROKER = {
  'Charles Schwab': 'schwab_positions_bom_crlf.csv',
  Fidelity: 'fidelity_positions_trailing_comma.csv',
  Vanguard: 'vanguard_two_tables.csv',
  'E*TRADE': 'etrade_portfolio.csv',
  Robinhood: 'robinhood_activity_multiline.csv',
  'Interactive Brokers': 'ibkr_activity_statement.csv',
};

const HEADERS_BY_BROKER = {
  'Charles Schwab':
    '"Positions for account X"\r\n\r\n"Symbol","Description","Qty (Quantity)","Mkt Val (Market Value)","Cost Basis"',
  Fidelity: 'Account Number,Account Name,Symbol,Quantity,Last Price,Last Price Change,Cost Basis Total,Average Cost Basis,Type',
  Vanguard: 'Account Number,Investment Name,Symbol,Shares,Share Price,Total Value,',
  'E*TRADE': 'Account Summary\n\nFilters Applied:\nSymbol,Last Price $,Change $,Quantity,Price Paid $,Value $',
  Robinhood: '"Activity Date","Process Date","Settle Date","Instrument","Description","Trans Code","Quantity","Price","Amount"',
  'Interactive Brokers': 'Statement,Header,Field Name,Field Value\nOpen Positions,Header,Symbol,Quantity,Cost Price',
};

describe("a broker's own export", () => {
  it.each(Object.entries(HEADERS_BY_BROKER))(
    'is refused by its header as one of %s, with the way into the template',
    (broker, header) => {
      expect(refusalOf(new TextEncoder().encode(`${header}\nAAPL,1,2,3\n`))).toEqual([
        'ERR_CSV_005',
        expect.stringContaining(broker),
      ]);
    },
  );

  it.for(Object.entries(SAMPLES_BY_BROKER))('is refused whole as one of %s', ([broker, file], { skip }) => {
    const path = join(SAMPLES, file);
    if (!existsSync(path)) {
      console.warn(`${path} is absent: the sample of ${broker} is not tested`);
      skip();
    }
    const [code, message] = refusalOf(readFileSync(path));
    expect(code).toBe('ERR_CSV_005');
    expect(message).toContain(`an export of ${broker}`);
    expect(message).toMatch(/to Symbol\b.*to Quantity.*Entry Price Per Share.*Entry Date/);
  });

  it('does not stop a complete template that has more columns than ours', () => {
    const header = 'Symbol,Quantity,Entry Price Per Share,Entry Date,Last Price $,Price Paid $';
    const bytes = new TextEncoder().encode(`${header}\nAAPL,1,2,2024-01-15,3,4\n`);
    expect(readPositions(bytes, 'mine.csv', { today: '2026-01-16', allowMultipleLots: false })).toMatchObject({
      ok: true,
      rowsValid: 1,
    });
  });
});

function refusalOf(bytes: Uint8Array): readonly string[] {
  const result = readPositions(bytes, 'export.csv', { today: '2026-01-16', allowMultipleLots: false });
  return result.ok ? [] : [result.fileError.code, result.fileError.message];
}
