// Requests that nobody would send: over every operation of the document, values of its schemas, near their bounds and of other types, and
// what is no value at all. A seed repeats them.
import fc, { type Arbitrary } from 'fast-check';
import { mostly, oddText, textOf, valueArbitrary, type JsonSchema } from './odd-schema-values.js';
import { NO_JSON } from './odd-values.js';

export type OddRequest = Readonly<{
  method: string;
  path: string;
  headers: Readonly<Record<string, string>>;
  body: string | Uint8Array | null;
}>;

type Operation = Readonly<{
  parameters?: readonly Readonly<{ name: string; in: string; required?: boolean; schema: JsonSchema }>[];
  requestBody?: Readonly<{ content: Readonly<Record<string, Readonly<{ schema: JsonSchema }>>> }>;
}>;

/** As much of an OpenAPI document as requests are made of. */
export type Document = Readonly<{ paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> }>;

/** A good request of an operation: most odd ones are it with something changed, so that they come past the first check. */
export type Good = Readonly<{ path: string; body: unknown }>;

export type FuzzOptions = Readonly<{
  seed: number;
  count: number;
  /** Ids and other values that are somebody's. */
  known: readonly string[];
  /** By method and path as the document has them. */
  good: Readonly<Record<string, Good>>;
}>;

/** Those that remove something come last. */
export function oddRequests({ paths }: Document, { seed, count, known, good }: FuzzOptions): readonly OddRequest[] {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) =>
      requestArbitrary(method, path, { ...operation, good: good[`${method} ${path}`] ?? { path, body: {} } }, known),
    ),
  );
  const numRuns = Math.ceil(count / operations.length);
  const requests = operations.flatMap((operation, index) => fc.sample(operation, { seed: seed + index, numRuns }));
  return requests.toSorted((a, b) => Number(a.method === 'DELETE') - Number(b.method === 'DELETE'));
}

function requestArbitrary(
  method: string,
  path: string,
  { parameters = [], requestBody, good }: Operation & Readonly<{ good: Good }>,
  known: readonly string[],
): Arbitrary<OddRequest> {
  const schemasIn = (place: string): Schemas =>
    Object.fromEntries(parameters.filter((each) => each.in === place).map(({ name, schema }) => [name, schema]));
  const [contentType = 'application/json', { schema = {} } = {}] = Object.entries(requestBody?.content ?? {})[0] ?? [];
  const body = fc.oneof(bodyArbitrary(schema, known), changedArbitrary(good.body, schema, known));
  const address = mostly(fc.constant(good.path), pathArbitrary(path, schemasIn('path'), known));
  return fc.record({
    method: mostly(fc.constant(method.toUpperCase()), fc.constantFrom(...METHODS)),
    path: fc.tuple(address, queryArbitrary(schemasIn('query'), known)).map(([below, search]) => `/api/v1${below}${search}`),
    headers: headersArbitrary(contentType),
    body: method === 'get' ? mostly(fc.constant(null), body) : body,
  });
}

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND'];

type Schemas = Readonly<Record<string, JsonSchema>>;

function pathArbitrary(path: string, schemas: Schemas, known: readonly string[]): Arbitrary<string> {
  const parts = path.split('/').map((part) => {
    if (!part.startsWith('{')) return fc.constant(part);
    const value = valueArbitrary(schemas[part.slice(1, -1)] ?? {}, known).map(textOf);
    return mostly(value, oddText()).map((text) => encodedLoosely(text.slice(0, 2_000)) || '%20');
  });
  return fc.tuple(...parts).map((all) => all.join('/'));
}

function queryArbitrary(schemas: Schemas, known: readonly string[]): Arbitrary<string> {
  const named = Object.entries(schemas).map(([name, schema]) =>
    fc.option(
      mostly(valueArbitrary(schema, known).map(textOf), oddText()).map((text) => [name, text] as const),
      { nil: null },
    ),
  );
  const extra = fc.tuple(fc.constantFrom('__proto__', 'constructor', 'a[b][c]', 'a[]', 'limit', 'cursor', ''), oddText());
  return fc.tuple(fc.tuple(...named), fc.array(extra, { maxLength: 2 })).map(([own, others]) => {
    const all = [...own.filter((each) => each !== null), ...others].map(
      ([name, text]) => `${encodeURIComponent(name)}=${encodedLoosely(text)}`,
    );
    const search = all.join('&').slice(0, 12_000);
    return search === '' ? '' : `?${search}`;
  });
}

function headersArbitrary(described: string): Arbitrary<Readonly<Record<string, string>>> {
  const usual = described === 'multipart/form-data' ? `${described}; boundary=odd` : described;
  const contentType = mostly(
    fc.constant(usual),
    fc.constantFrom(
      'application/json',
      'text/plain',
      'multipart/form-data',
      'multipart/form-data; boundary=',
      'application/json; charset=utf-16',
      'application/x-www-form-urlencoded',
      'application/xml',
      'nonsense',
      '',
      'application/json; charset="',
      'multipart/form-data; boundary=odd',
    ),
  );
  const others = fc.constantFrom<Readonly<Record<string, string>>>(
    {},
    {},
    {},
    {},
    {},
    { 'Content-Encoding': 'gzip' },
    { 'Content-Encoding': 'br' },
    { Accept: 'nothing/at-all' },
    { 'If-None-Match': '*' },
    { Range: 'bytes=0-1' },
    { Prefer: 'handling=lenient, respond-async' },
    { Prefer: 'respond-async, wait=0' },
    { 'Idempotency-Key': ' ' },
    { 'Idempotency-Key': 'k'.repeat(201) },
    { 'X-Request-Id': '<script>' },
    { Cookie: 'auth_token=%; csrf_token=%00' },
    { Cookie: '__proto__=1; auth_token=j:{"a":1}' },
    { 'Last-Event-ID': '\u00ff'.repeat(50) },
    { 'Accept-Encoding': 'identity;q=0, *;q=0' },
  );
  return fc.tuple(contentType, others).map(([type, more]) => ({ ...(type === '' ? {} : { 'Content-Type': type }), ...more }));
}

function bodyArbitrary(schema: JsonSchema, known: readonly string[]): Arbitrary<string | Uint8Array | null> {
  const json = valueArbitrary({ ...schema, type: 'object' }, known).map((value) => JSON.stringify(value));
  return fc.oneof(
    { arbitrary: json, weight: 12 },
    { arbitrary: fc.json({ maxDepth: 4 }), weight: 2 },
    { arbitrary: fc.constantFrom(...NO_JSON), weight: 2 },
    { arbitrary: formArbitrary(schema, known), weight: 2 },
    { arbitrary: fc.uint8Array({ maxLength: 200 }), weight: 1 },
    { arbitrary: fc.constant(null), weight: 1 },
  );
}

/** A good body with one or two of its fields as they should not be. */
function changedArbitrary(body: unknown, { properties = {} }: JsonSchema, known: readonly string[]): Arbitrary<string> {
  const names = Object.keys(properties);
  if (typeof body !== 'object' || body === null || body instanceof FormData || names.length === 0)
    return fc.constant(JSON.stringify(body ?? {}));
  const change = fc
    .constantFrom(...names)
    .chain((name) => valueArbitrary(properties[name]!, known).map((value) => [name, value] as const));
  return fc.array(change, { maxLength: 2 }).map((changes) => JSON.stringify({ ...body, ...Object.fromEntries(changes) }));
}

function formArbitrary({ properties = {} }: JsonSchema, known: readonly string[]): Arbitrary<string> {
  const field = fc.tuple(
    fc.constantFrom('csv_file', 'a[b]', '__proto__', 'x'.repeat(200), ...Object.keys(properties)),
    oddText(),
  );
  const file = fc.constantFrom(
    '',
    '; filename="a.csv"',
    '; filename="a.xlsx"',
    `; filename="${'x'.repeat(300)}.csv"`,
    '; filename="\u0000.csv"',
    '; filename="../../x.csv"',
  );
  const text = fc.constantFrom(
    'Symbol,Quantity,Entry Price Per Share,Entry Date\nAAPL,1,2,2024-01-16',
    'symbol,target_price\nAAPL,1',
    '\u0000',
    '"',
    'PK\u0003\u0004',
    ...known,
  );
  const part = fc
    .tuple(field, file, text)
    .map(
      ([[name, value], of, csv]) =>
        `--odd\r\nContent-Disposition: form-data; name="${name}"${of}\r\n\r\n${of === '' ? value.slice(0, 20_000) : csv}\r\n`,
    );
  return fc
    .tuple(fc.array(part, { maxLength: 6 }), fc.constantFrom('--odd--\r\n', '--odd', ''))
    .map(([parts, end]) => parts.join('') + end);
}

/** What can be encoded is; a text that says it is encoded already, or that is no text, goes out as it is as far as HTTP carries it. */
function encodedLoosely(text: string): string {
  return /^%[\dA-Fa-f]/.test(text) ? text : encodeURIComponent(text.toWellFormed()).replaceAll('%25', '%');
}
