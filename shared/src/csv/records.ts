// Text to records. csv-parse reads the CSV; here are its settings, the line each record starts on, and the limits.

import { CsvError, parse, type Info, type Options } from 'csv-parse/sync';

export type CsvRecord = Readonly<{
  /** The file's number of the record's first line, counted from 1. */
  line: number;
  /** Trimmed. */
  cells: readonly string[];
}>;

export type Malformed = Readonly<{ line: number; message: string }>;

export type CsvRecords = Readonly<{
  /** In file order, without blank records and comments. When the text is malformed: those before the fault. */
  records: readonly CsvRecord[];
  malformed: Malformed | null;
}>;

/** What csv-parse has counted so far. */
type Counts = Pick<Info, 'bytes' | 'lines' | 'comment_lines' | 'empty_lines'>;

const START: Counts = { bytes: 0, lines: 0, comment_lines: 0, empty_lines: 0 };

/** Blank ones included. More than the largest file holds of the shortest valid row, so only a file of rubbish meets it. */
const RECORDS_MAX = 650_000;
/** csv-parse builds an error object for each record of another width than its first: 15 µs, so these need a limit of their own. */
const UNEVEN_RECORDS_MAX = 100_000;

/**
 * Reads `text`, whose line breaks are LF: csv-parse would count a CRLF in quotes as two lines. A quote is special only at the start of a cell.
 * Comments are lines starting with `#`, and records whose first cell does: a spreadsheet quotes a comment that has a comma.
 */
export function readRecords(
  text: string,
  delimiter: string,
  { recordsMax = RECORDS_MAX }: Readonly<{ recordsMax?: number }> = {},
): CsvRecords {
  const records: CsvRecord[] = [];
  let last = START;
  const options: Options<string[]> = {
    ...csvOptions(delimiter),
    on_record: (cells, info) => {
      const record = { line: lineAfter(last, info), cells: cells.map((cell) => cell.trim()) };
      last = info;
      if (!isBlankOrComment(record)) records.push(record);
      if (info.records > recordsMax) throw new TooManyRecords(`more than ${recordsMax} rows`);
      if (info.invalid_field_length > UNEVEN_RECORDS_MAX) {
        throw new TooManyRecords(`more than ${UNEVEN_RECORDS_MAX} rows have another number of cells than the first row`);
      }
      return null;
    },
  };
  try {
    withoutStackTraces(() => {
      // The first record is read by itself, and blank lines stand for it before the others: widths are then compared with the first row's, not
      // the header's, and all rows of a file often have one width and the header another.
      const bytes = Buffer.from(text);
      parse(bytes, { ...options, to: 1 });
      const others = Buffer.concat([Buffer.alloc(last.lines, '\n'), bytes.subarray(last.bytes)]);
      last = START;
      parse(others, options);
    });
  } catch (error) {
    return { records, malformed: malformedRecord(error, last) };
  }
  return { records, malformed: null };
}

class TooManyRecords extends Error {}

/** Stack traces are a third of what uneven records cost, and nobody reads them. */
function withoutStackTraces(run: () => void): void {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    run();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function csvOptions(delimiter: string): Options<string[]> {
  return {
    delimiter,
    record_delimiter: '\n',
    comment: '#',
    comment_no_infix: true,
    skip_empty_lines: true,
    trim: true,
    // A quote within a cell is text. One that closes a cell early stays an error, because `trim` takes only blanks after it.
    relax_quotes: true,
    relax_column_count: true,
  };
}

/** The first line of the record after `last`. csv-parse numbers the line a record ends on, and leaves out lines between records but counts them. */
function lineAfter(last: Counts, now: Pick<Info, 'comment_lines' | 'empty_lines'>): number {
  return last.lines + 1 + (now.comment_lines - last.comment_lines) + (now.empty_lines - last.empty_lines);
}

function malformedRecord(error: unknown, last: Counts): Malformed {
  if (error instanceof TooManyRecords) return { line: last.lines, message: error.message };
  if (!(error instanceof CsvError)) throw error;
  const { comment_lines, empty_lines } = error;
  const line = lineAfter(last, { comment_lines: Number(comment_lines), empty_lines: Number(empty_lines) });
  const message =
    error.code === 'CSV_QUOTE_NOT_CLOSED'
      ? 'a quote opens in the row that starts here and is never closed'
      : 'the row that starts here has a quoted cell that goes on after its closing quote';
  return { line, message };
}

function isBlankOrComment({ cells }: CsvRecord): boolean {
  return cells[0]?.startsWith('#') === true || cells.every((cell) => cell === '');
}
