// Requests that nobody would send: over every operation of the document, values of its schemas, near their bounds and of other types, and
// what is no value at all. A seed repeats them.
import fc, { type Arbitrary } from 'fast-check';
import { NO_JSON, ODD_VALUES } from './odd-values.js';

export type OddRequest = Readonly<{
  method: string;
  path: string;
  headers: Readonly<Record<string, string>>;
  body: string | Uint8Array | null;
}>;

type JsonSchema = Readonly<{
  type?: string | readonly string[];
  enum?: readonly unknown[];
  const?: unknown;
  format?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  items?: JsonSchema;
  anyOf?: readonly JsonSchema[];
  properties?: Readonly<Record<string, JsonSchema>>;
  required?: readonly string[];
}>;

type Operation = Readonly<{
  parameters?: readonly Readonly<{ name: string; in: string; required?: boolean; schema: JsonSchema }>[];
  requestBody?: Readonly<{ content: Readonly<Record<string, Readonly<{ schema: JsonSchema }>>> }>;
}>;

/** As much of an OpenAPI document as requests are made of. */
export type Document = Readonly<{ paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> }>;

/** `known`: ids and other values that are somebody's, so that requests come past the first check. */
export function oddRequests(
  { paths }: Document,
  known: readonly string[],
  { seed, count }: Readonly<{ seed: number; count: number }>,
): readonly OddRequest[] {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => requestArbitrary(method, path, operation, known)),
  );
  const numRuns = Math.ceil(count / operations.length);
  return operations.flatMap((operation, index) => fc.sample(operation, { seed: seed + index, numRuns }));
}

function requestArbitrary(
  method: string,
  path: string,
  { parameters = [], requestBody }: Operation,
  known: readonly string[],
): Arbitrary<OddRequest> {
  const schemasIn = (place: string): Schemas =>
    Object.fromEntries(parameters.filter((each) => each.in === place).map(({ name, schema }) => [name, schema]));
  const [contentType = 'application/json', { schema = {} } = {}] = Object.entries(requestBody?.content ?? {})[0] ?? [];
  const body = bodyArbitrary(schema, known);
  return fc.record({
    method: mostly(fc.constant(method.toUpperCase()), fc.constantFrom(...METHODS)),
    path: fc
      .tuple(pathArbitrary(path, schemasIn('path'), known), queryArbitrary(schemasIn('query'), known))
      .map(([below, search]) => `/api/v1${below}${search}`),
    headers: headersArbitrary(contentType),
    body: method === 'get' ? mostly(fc.constant(null), body) : body,
  });
}

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND'];

type Schemas = Readonly<Record<string, JsonSchema>>;

/** Four times out of five the first. */
function mostly<T>(usual: Arbitrary<T>, odd: Arbitrary<T>): Arbitrary<T> {
  return fc.oneof({ arbitrary: usual, weight: 4 }, { arbitrary: odd, weight: 1 });
}

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

/** A value as the schema has it, one of a kind it might have, or one of another. */
function valueArbitrary(schema: JsonSchema, known: readonly string[]): Arbitrary<unknown> {
  return fc.oneof(
    { arbitrary: fittingArbitrary(schema, known), weight: 8 },
    { arbitrary: fc.constantFrom(...ODD_VALUES), weight: 1 },
  );
}

function fittingArbitrary(schema: JsonSchema, known: readonly string[]): Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((each) => fittingArbitrary(each, known)));
  const type = typeof schema.type === 'string' ? schema.type : (schema.type?.[0] ?? 'string');
  switch (type) {
    case 'object':
      return objectArbitrary(schema, known);
    case 'array':
      return fc.array(valueArbitrary(schema.items ?? {}, known), {
        minLength: Math.min(schema.minItems ?? 0, 50),
        maxLength: Math.min((schema.maxItems ?? 5) + 1, 50),
      });
    case 'integer':
    case 'number':
      return numberArbitrary(schema);
    case 'boolean':
      return fc.boolean();
    default:
      return textArbitrary(schema, known);
  }
}

function objectArbitrary({ properties = {}, required = [] }: JsonSchema, known: readonly string[]): Arbitrary<unknown> {
  const fields = Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, valueArbitrary(each, known)]));
  return mostly(
    fc.record(fields, { requiredKeys: [...required] }),
    fc.record({ ...fields, extra: fc.constantFrom(...ODD_VALUES) }, { requiredKeys: [] }),
  );
}

function numberArbitrary({ minimum = -1_000, maximum = 1e6, type }: JsonSchema): Arbitrary<number> {
  const bounds = [minimum, minimum - 1, maximum, maximum + 1, minimum + 1e-9, 0, 1];
  return fc.oneof(
    fc.constantFrom(...bounds),
    type === 'integer'
      ? fc.integer({ min: Math.ceil(Math.max(minimum, -1e9)), max: Math.floor(Math.min(maximum, 1e9)) })
      : fc.double({ min: minimum, max: maximum, noNaN: true }),
  );
}

function textArbitrary({ format, minLength = 0, maxLength = 40 }: JsonSchema, known: readonly string[]): Arbitrary<string> {
  if (format === 'uuid') return mostly(fc.constantFrom(...known), fc.uuid());
  if (format === 'date')
    return mostly(fc.constantFrom('2025-03-10', '2025-03-12', '2024-02-29', '2025-03-15', '1900-01-01', '2999-12-31'), oddText());
  const short = fc.constantFrom('AAPL', 'MSFT', '1', '10', 'a@example.com', 'csv', 'CALL', ...known);
  const bounded = fc.constantFrom(
    ...[minLength, minLength - 1, maxLength, maxLength + 1].map((length) => 'A'.repeat(Math.min(Math.max(length, 0), 60_000))),
  );
  return fc.oneof({ arbitrary: short, weight: 4 }, { arbitrary: bounded, weight: 2 }, { arbitrary: oddText(), weight: 2 });
}

const oddText = (): Arbitrary<string> =>
  fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.string({ unit: 'grapheme', maxLength: 30 }),
    fc.constantFrom(
      '\u0000',
      '\ud800',
      '\u202e',
      '𝟙𝟚',
      'ﬃ',
      'İ',
      '%',
      '%ff',
      '%E0%A4%A',
      '..',
      '.',
      'x'.repeat(5_000),
      '🏴‍☠️'.repeat(200),
      'a\'b"c\\d',
      '\r\n',
      ',,,',
      'A,'.repeat(2_000),
    ),
  );

const textOf = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

/** What can be encoded is; a text that says it is encoded already, or that is no text, goes out as it is as far as HTTP carries it. */
function encodedLoosely(text: string): string {
  return /^%[\dA-Fa-f]/.test(text) ? text : encodeURIComponent(text.toWellFormed()).replaceAll('%25', '%');
}
