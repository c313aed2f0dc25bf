import { expect, it } from 'vitest';
import { csvLine } from './csv-line.js';

it('quotes what would break the line apart', () => {
  expect(csvLine(['a,b', 'say "x"', 'two\nlines', 'plain', null, 3])).toBe('"a,b","say ""x""","two\nlines",plain,,3\r\n');
});

it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1'])('keeps a spreadsheet from running %j', (text) => {
  expect(csvLine([text]).replace('"', '').startsWith("'")).toBe(true);
});

it('leaves numbers as they are', () => {
  expect(csvLine([-5, 0.25])).toBe('-5,0.25\r\n');
});

it('writes decimals as they are, to the last digit', () => {
  expect(csvLine([{ decimal: '-123456789.12345678' }])).toBe('-123456789.12345678\r\n');
});
