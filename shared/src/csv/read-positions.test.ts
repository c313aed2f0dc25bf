import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERRORS } from '../errors.js';
import { POSITION_COLUMNS } from './columns.js';
import { readPositions } from './read-positions.js';

const HEADER = POSITION_COLUMNS.map(({ name }) => name).join(',');
const OPTIONS = { today: '2026-01-16', allowMultipleLots: false };

describe('readPositions', () => {
  it('never throws, whatever the bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => isWellFormed(readPositions(bytes, 'a.csv', OPTIONS))));
  });

  it('names row, field, code and message in every error, whatever the cells', () => {
    const cell = fc.oneof(
      fc.string({ maxLength: 12 }),
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.constantFrom(
        '',
        '-1',
        '1e5',
        'NaN',
        '2024-02-30',
        '2024-01-15',
        'OPTIONS',
        'CALL',
        'SPY280121C00460000',
        '"',
        '#',
        '=1+1',
        '1,000',
        'AAPL',
      ),
    );
    const row = fc.array(cell, { maxLength: 14 }).map((cells) => cells.join(','));
    fc.assert(
      fc.property(
        fc.array(row, { maxLength: 6 }),
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.boolean(),
        (rows, lineEnd, allowMultipleLots) =>
          isWellFormed(readPositions(encode([HEADER, ...rows].join(lineEnd)), 'a.csv', { ...OPTIONS, allowMultipleLots })),
      ),
    );
  });

  it('lists at most 1,000 errors, and counts them all', () => {
    const result = read(...Array.from({ length: 600 }, (_, n) => `S${n},x,y,2024-01-15`));
    expect(result).toMatchObject({ ok: true, totalErrors: 1_200, rowsTotal: 600, rowsValid: 0 });
    expect(result.ok && result.errors.length).toBe(1_000);
  });

  it('takes a row with content beyond the header as one error of that row', () => {
    expect(codes(read('AAPL,1,000,2024-01-15,,,,,,,,,,x', 'MSFT,1,2,2024-01-15'))).toEqual([[2, 'ERR_CSV_006', 'row']]);
  });

  it('refuses a zip archive, NUL bytes and text that is not UTF-8, with the line', () => {
    expect(readPositions(encode('PK\u0003\u0004 and so on'), 'a.csv', OPTIONS)).toMatchObject({
      fileError: { code: 'ERR_CSV_006', line: 1 },
    });
    expect(readPositions(encode(`${HEADER}\nA\0APL`), 'a.csv', OPTIONS)).toMatchObject({
      fileError: { code: 'ERR_CSV_006', line: 2 },
    });
    const latin1 = Uint8Array.from([...encode(`${HEADER}\r\nAAPL\r\nCaf`), 0xe9, 10]);
    expect(readPositions(latin1, 'a.csv', OPTIONS)).toMatchObject({ fileError: { code: 'ERR_CSV_006', line: 3 } });
  });

  it('reports a missing column before a column named twice, and a header of neither as unusable', () => {
    expect(readPositions(encode('Symbol,Symbol\nA,B'), 'a.csv', OPTIONS)).toMatchObject({ fileError: { code: 'ERR_CSV_004' } });
    expect(readPositions(encode('AAPL,100,150.25,2024-01-15\nA,1,2,3'), 'a.csv', OPTIONS)).toMatchObject({
      fileError: { code: 'ERR_CSV_005' },
    });
  });

  it('warns of columns it ignores', () => {
    const result = readPositions(encode(`${HEADER},Account Number\nAAPL,1,2,2024-01-15`), 'a.CSV', OPTIONS);
    expect(result).toMatchObject({ ok: true, warnings: [expect.stringContaining('"Account Number"')] });
  });

  it('stays quick on files made to be slow', () => {
    const files = [
      [HEADER, ...Array.from({ length: 100_000 }, (_, n) => `S${n},100,150.25,2024-01-15,,,,,,,,,,`)].join('\n'),
      `${HEADER}${',x'.repeat(1_000_000)}\nAAPL,1,2,2024-01-15`,
      `${HEADER}\n"${'""'.repeat(2_000_000)}`,
      '\n'.repeat(4_000_000),
      `${HEADER}\nAAPL,${'0'.repeat(4_000_000)},2,2024-01-15`,
      `${' '.repeat(4_000_000)}x`,
    ];
    for (const file of files) {
      const startedAt = performance.now();
      readPositions(encode(file), 'a.csv', OPTIONS);
      expect(performance.now() - startedAt).toBeLessThan(5_000);
    }
  });
});

function read(...rows: readonly string[]) {
  return readPositions(encode([HEADER, ...rows].join('\n')), 'a.csv', OPTIONS);
}

function codes(result: ReturnType<typeof read>) {
  if (!result.ok) throw new Error(result.fileError.message);
  return result.errors.map(({ row, code, field }) => [row, code, field]);
}

function isWellFormed(result: ReturnType<typeof readPositions>): boolean {
  if (!result.ok) return result.fileError.code in ERRORS && result.fileError.message !== '';
  const fields: readonly string[] = ['row', ...POSITION_COLUMNS.map(({ field }) => field)];
  const badRows = new Set(result.errors.map(({ row }) => row));
  return (
    result.errors.every(
      ({ row, field, code, message }) => row > 1 && fields.includes(field) && code in ERRORS && message !== '',
    ) && result.rowsValid + badRows.size === result.rowsTotal
  );
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
