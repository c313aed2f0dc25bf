import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ERRORS } from '../errors.js';
import { FILE_BYTES_MAX } from './parse.js';
import { readPositions } from './read-positions.js';

const FIXTURES = new URL('../../../test/fixtures/csv/', import.meta.url);
const OPTIONS = { today: '2026-01-16', allowMultipleLots: false };

const fileCodes = Object.keys(ERRORS).filter((code) => code.startsWith('ERR_CSV_'));
const rowCodes = Object.keys(ERRORS).filter((code) => code.startsWith('ERR_POS_'));

describe('a file with one fault', () => {
  it.each(fileCodes)('is refused with exactly %s', (code) => {
    const { bytes, name } = fileWithFault(code);
    const result = readPositions(bytes, name, OPTIONS);
    expect(result).toMatchObject({ ok: false, fileError: { code } });
  });

  it.each(rowCodes)('has exactly %s, on its own line, and keeps its good rows', (code) => {
    const result = read(`not-ok/${code}.csv`);
    if (!result.ok) throw new Error(result.fileError.message);
    expect(result.errors.map((error) => [error.row, error.code])).toEqual([[3, code]]);
    expect(result).toMatchObject({ totalErrors: 1, rowsTotal: 2, rowsValid: 1, positions: [{ row: 2, symbol: 'VTI' }] });
  });

  it('says the line of a quote that is never closed', () => {
    expect(read('not-ok/ERR_CSV_006.csv')).toMatchObject({ fileError: { line: 3 } });
  });

  it('names every required column that is missing', () => {
    expect(read('not-ok/ERR_CSV_004.csv')).toMatchObject({
      fileError: { message: expect.stringMatching(/Entry Price Per Share, Entry Date/) },
    });
  });
});

it('twelve bad rows bring back twelve errors together', () => {
  const result = read('not-ok/twelve-bad-rows.csv');
  if (!result.ok) throw new Error(result.fileError.message);
  expect(result.errors.map(({ row }) => row)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
  expect(new Set(result.errors.map(({ code }) => code)).size).toBe(12);
  expect(result).toMatchObject({ totalErrors: 12, rowsTotal: 12, rowsValid: 0, positions: [] });
});

describe('a good file, however written', () => {
  const expected = JSON.parse(readFileSync(new URL('ok/expected.json', FIXTURES), 'utf8')) as {
    files: Record<string, readonly object[]>;
  };

  it('has its positions in expected.json', () => {
    const fixtures = readdirSync(new URL('ok/', FIXTURES)).filter((name) => name.endsWith('.csv'));
    expect(fixtures.toSorted()).toEqual(Object.keys(expected.files).toSorted());
  });

  it.each(Object.entries(expected.files))('%s gives its positions at the lines an editor shows', (name, positions) => {
    const result = read(`ok/${name}`);
    expect(result).toMatchObject({ ok: true, errors: [], totalErrors: 0, positions });
    expect(result).toHaveProperty('rowsValid', positions.length);
  });
});

function read(path: string) {
  return readPositions(readFileSync(new URL(path, FIXTURES)), path, OPTIONS);
}

function fileWithFault(code: string): { bytes: Uint8Array; name: string } {
  if (code === 'ERR_CSV_001') return { bytes: new Uint8Array(FILE_BYTES_MAX + 1).fill(44), name: 'large.csv' };
  const name = existsSync(new URL(`not-ok/${code}.csv`, FIXTURES)) ? `${code}.csv` : `${code}.txt`;
  return { bytes: readFileSync(new URL(`not-ok/${name}`, FIXTURES)), name };
}
