// Text to records, after RFC 4180 and what spreadsheets make of it. Own code, because a record must know the number of its first line,
// a stray quote must be reported where it opens, and rows of uneven length (brokers write them) must cost no more than even ones:
// csv-parse builds an error object for each of these, 20 µs a row, and counts a CRLF in quotes twice.

export type CsvRecord = Readonly<{
  /** The file's number of the record's first line, counted from 1. */
  line: number;
  /** Trimmed. */
  cells: readonly string[];
}>;

export type Malformed = Readonly<{ line: number; message: string }>;

export type ScannedRecords = Readonly<{
  /** In file order, without blank records and comments. When the text is malformed: those before the fault. */
  records: readonly CsvRecord[];
  malformed: Malformed | null;
}>;

/** More rows than the largest file holds of the shortest valid row, so only a file of rubbish meets it. */
const RECORDS_MAX = 650_000;

const TAB = 9;
const LF = 10;
const CR = 13;
const SPACE = 32;
const QUOTE = 34;
const HASH = 35;

/**
 * Scans `text` once, in time linear in its length. A quote is special only at the start of a cell. Comments are lines starting with `#`,
 * and records whose first cell does: a spreadsheet quotes a comment that has a comma.
 */
export function scanRecords(text: string, delimiter: string): ScannedRecords {
  const delimiterCode = delimiter.charCodeAt(0);
  const records: CsvRecord[] = [];
  let at = 0;
  let line = 1;
  while (at < text.length) {
    if (text.charCodeAt(at) === HASH) {
      at = afterLineBreak(text, endOfLine(text, at));
      line += 1;
      continue;
    }
    const { cells, end, endLine, fault } = scanRecord(text, at, line, delimiterCode);
    if (fault !== null) return { records, malformed: { line: endLine, message: fault } };
    if (!isBlankOrComment(cells)) records.push({ line, cells });
    if (records.length > RECORDS_MAX) return { records, malformed: { line, message: `more than ${RECORDS_MAX} rows` } };
    at = afterLineBreak(text, end);
    line = endLine + 1;
  }
  return { records, malformed: null };
}

/** How often `text` goes to a new line: LF, CRLF and a lone CR each count once, as in an editor. */
export function lineBreaks(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === LF || (code === CR && text.charCodeAt(at + 1) !== LF)) count += 1;
  }
  return count;
}

type ScannedRecord = Readonly<{ cells: readonly string[]; end: number; endLine: number; fault: string | null }>;

/** One record from `start` up to its line break. With a fault, `endLine` is the line of the quote at fault. */
function scanRecord(text: string, start: number, startLine: number, delimiterCode: number): ScannedRecord {
  const cells: string[] = [];
  let at = start;
  let endLine = startLine;
  for (;;) {
    at = afterBlanks(text, at, delimiterCode);
    if (text.charCodeAt(at) === QUOTE) {
      const closing = closingQuote(text, at);
      if (closing < 0) return { cells, end: at, endLine, fault: 'a quote opens here and is never closed' };
      const content = text.slice(at + 1, closing);
      const end = afterBlanks(text, closing + 1, delimiterCode);
      if (!isEndOfCell(text, end, delimiterCode)) {
        return { cells, end, endLine, fault: 'a cell that starts with a quote goes on after its closing quote' };
      }
      endLine += lineBreaks(content);
      cells.push(content.replaceAll('""', '"').trim());
      at = end;
    } else {
      const end = endOfCell(text, at, delimiterCode);
      cells.push(text.slice(at, end).trimEnd());
      at = end;
    }
    if (text.charCodeAt(at) !== delimiterCode) return { cells, end: at, endLine, fault: null };
    at += 1;
  }
}

/** The place of the quote that closes the one at `opening`; -1 when none does. Doubled quotes stand for one. */
function closingQuote(text: string, opening: number): number {
  let at = text.indexOf('"', opening + 1);
  while (at >= 0 && text.charCodeAt(at + 1) === QUOTE) at = text.indexOf('"', at + 2);
  return at;
}

function endOfCell(text: string, start: number, delimiterCode: number): number {
  let at = start;
  while (!isEndOfCell(text, at, delimiterCode)) at += 1;
  return at;
}

function isEndOfCell(text: string, at: number, delimiterCode: number): boolean {
  if (at >= text.length) return true;
  const code = text.charCodeAt(at);
  return code === delimiterCode || code === LF || code === CR;
}

/** The place of the line break that ends the line at `start`, or the end of the text. */
export function endOfLine(text: string, start: number): number {
  let at = start;
  while (at < text.length && text.charCodeAt(at) !== LF && text.charCodeAt(at) !== CR) at += 1;
  return at;
}

function afterLineBreak(text: string, end: number): number {
  return text.charCodeAt(end) === CR && text.charCodeAt(end + 1) === LF ? end + 2 : end + 1;
}

function afterBlanks(text: string, start: number, delimiterCode: number): number {
  let at = start;
  for (;;) {
    const code = text.charCodeAt(at);
    if ((code !== SPACE && code !== TAB) || code === delimiterCode) return at;
    at += 1;
  }
}

function isBlankOrComment(cells: readonly string[]): boolean {
  return cells[0]?.startsWith('#') === true || cells.every((cell) => cell === '');
}
