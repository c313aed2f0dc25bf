// How deep a JSON body may nest, told from its bytes: what walks values recursively, as schemas do, must never meet one that ends the stack.

/** No body of the contract has more than 5. */
const DEPTH_MAX = 32;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/** For the body parser's `verify`: throws before anything is built of the body. JSON is UTF-8: other encodings would hide the brackets. */
export function refuseDeepJson(_request: unknown, _response: unknown, body: Buffer, encoding: string): void {
  if (encoding !== 'utf-8')
    throw Object.assign(new Error('the body is not in UTF-8'), { status: 415, type: 'charset.unsupported' });
  if (isDeeper(body, DEPTH_MAX)) {
    throw Object.assign(new Error(`the body nests deeper than ${DEPTH_MAX} levels`), { status: 400, type: 'entity.too.deep' });
  }
}

function isDeeper(body: Buffer, depthMax: number): boolean {
  let depth = 0;
  let inText = false;
  for (let at = 0; at < body.length; at++) {
    const byte = body[at]!;
    if (byte === QUOTE) inText = !inText;
    else if (inText && byte === BACKSLASH) at++;
    else if (!inText && OPENING.has(byte) && ++depth > depthMax) return true;
    else if (!inText && CLOSING.has(byte)) depth--;
  }
  return false;
}
