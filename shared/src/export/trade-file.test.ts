import { expect, it } from 'vitest';
import { tradeFile, type ExportedTrade } from './trade-file.js';

it('rounds totals to the fourth decimal, exactly', () => {
  const trades: ExportedTrade[] = [
    { symbol: 'A', side: 'buy', quantity: 0.1, price: 0.0015 },
    { symbol: 'B', side: 'buy', quantity: 0.1, price: 0.003 },
    { symbol: 'C', side: 'sell', quantity: 3, price: 0.1 },
  ];
  const { total_bought, total_sold, trades: shown } = JSON.parse(tradeFile(trades, 'json').body);
  expect(shown.map(({ total }: { total: number }) => total)).toEqual([0.0002, 0.0003, 0.3]);
  expect([total_bought, total_sold]).toEqual([0.0005, 0.3]);
});

it('keeps every digit of large quantities', () => {
  const { trades } = JSON.parse(tradeFile([{ symbol: 'A', side: 'buy', quantity: 123_456_789.125, price: 8 }], 'json').body);
  expect(trades[0].total).toBe(987_654_313);
});

it('leaves the total of a trade without a price open', () => {
  expect(tradeFile([{ symbol: 'A', side: 'buy', quantity: 1 }], 'csv').body).toBe(
    'symbol,side,quantity,price,total\r\nA,buy,1,,\r\n',
  );
});
