// Values for a schema: fitting ones, those at its bounds, and those of another kind.
import fc, { type Arbitrary } from 'fast-check';
import { ODD_VALUES } from './odd-values.js';

export type JsonSchema = Readonly<{
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

/** A value as the schema has it, one of a kind it might have, or one of another. */
export function valueArbitrary(schema: JsonSchema, known: readonly string[]): Arbitrary<unknown> {
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

export const oddText = (): Arbitrary<string> =>
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

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

/** Four times out of five the first. */
export function mostly<T>(usual: Arbitrary<T>, odd: Arbitrary<T>): Arbitrary<T> {
  return fc.oneof({ arbitrary: usual, weight: 4 }, { arbitrary: odd, weight: 1 });
}
