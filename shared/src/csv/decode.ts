// Bytes of an uploaded file to text. Uploads come from spreadsheets, so the byte order mark decides and UTF-8 is the rule without one.

export type DecodedText = Readonly<{ ok: true; text: string }> | Readonly<{ ok: false; line: number; message: string }>;

type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be';

/**
 * Decodes UTF-8 with or without a byte order mark, or UTF-16 with one. Line breaks of any kind (LF, CRLF, a lone CR) become LF. A fault names
 * the line it is on, counted from 1.
 */
export function decodeText(bytes: Uint8Array): DecodedText {
  if (isZip(bytes)) {
    return { ok: false, line: 1, message: 'this is a workbook or zip archive; save it as CSV (UTF-8) and upload that' };
  }
  const encoding = encodingOf(bytes);
  const text = decodeWhole(bytes, encoding);
  if (text === null) {
    const line = lastLine(decodablePrefix(bytes, encoding));
    return { ok: false, line, message: 'the text is not UTF-8; save the file as CSV (UTF-8)' };
  }
  const nul = text.indexOf('\0');
  if (nul >= 0) {
    const line = lastLine(text.slice(0, nul));
    return { ok: false, line, message: 'the line has NUL bytes, so this is no text file; save it as CSV (UTF-8)' };
  }
  return { ok: true, text };
}

function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 0x03 && bytes[3] === 0x04;
}

function encodingOf(bytes: Uint8Array): Encoding {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return 'utf-8';
}

function decodeWhole(bytes: Uint8Array, encoding: Encoding): string | null {
  try {
    return withLineFeeds(new TextDecoder(encoding, { fatal: true }).decode(bytes));
  } catch {
    return null;
  }
}

function withLineFeeds(text: string): string {
  return text.replaceAll(/\r\n?/g, '\n');
}

/** The number of the last line of `text`. */
function lastLine(text: string): number {
  return withLineFeeds(text).split('\n').length;
}

/** The longest prefix that decodes. The decoder does not say where it failed, so the place is found by halving. */
function decodablePrefix(bytes: Uint8Array, encoding: Encoding): string {
  let good = 0;
  let bad = bytes.length + 1;
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (decodeOpenEnded(bytes.subarray(0, middle), encoding) === null) bad = middle;
    else good = middle;
  }
  return decodeOpenEnded(bytes.subarray(0, good), encoding) ?? '';
}

function decodeOpenEnded(bytes: Uint8Array, encoding: Encoding): string | null {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return null;
  }
}
