// How every pair of the symbols in use in a session moves together: one packed row for everybody.
import type { Queryable } from './client.js';

export type CorrelationTable = Readonly<{
  sessionDate: string;
  /** Sessions whose returns were looked at. */
  lookback: number;
  /** Ascending. */
  symbols: readonly string[];
  /** Pairs of the upper triangle row by row, as `pairIndex` counts them; NaN where a pair has too few sessions in common. */
  coefficients: Float64Array;
  /** Sessions in common, of the same pairs. */
  pairCounts: Uint16Array;
}>;

/** Null: the batch has not computed the session, or prices of one of the symbols have changed since. */
export async function loadCorrelations(client: Queryable, session: string): Promise<CorrelationTable | null> {
  const { rows } = await client.query<PackedTable>(
    `SELECT session_date AS "sessionDate", lookback, symbols, coefficients, pair_counts AS "pairCounts" FROM correlations WHERE session_date = $1`,
    [session],
  );
  const [row] = rows;
  if (!row) return null;
  return {
    ...row,
    coefficients: new Float64Array(bufferOf(row.coefficients)),
    pairCounts: new Uint16Array(bufferOf(row.pairCounts)),
  };
}

/** The symbols of the stored table; null without one. */
export async function loadCorrelatedSymbols(client: Queryable, session: string): Promise<readonly string[] | null> {
  const { rows } = await client.query<{ symbols: string[] }>(`SELECT symbols FROM correlations WHERE session_date = $1`, [
    session,
  ]);
  return rows[0]?.symbols ?? null;
}

/** Takes the place of a table of the session, which had other symbols. */
export async function replaceCorrelations(client: Queryable, table: CorrelationTable): Promise<void> {
  const { sessionDate, lookback, symbols, coefficients, pairCounts } = table;
  await client.query(
    `INSERT INTO correlations (session_date, lookback, symbols, coefficients, pair_counts) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (session_date) DO UPDATE SET (lookback, symbols, coefficients, pair_counts, computed_at) =
       (EXCLUDED.lookback, EXCLUDED.symbols, EXCLUDED.coefficients, EXCLUDED.pair_counts, EXCLUDED.computed_at)`,
    [sessionDate, lookback, symbols, bytesOf(coefficients), bytesOf(pairCounts)],
  );
}

type PackedTable = Omit<CorrelationTable, 'coefficients' | 'pairCounts'> & Readonly<{ coefficients: Buffer; pairCounts: Buffer }>;

function bytesOf({ buffer, byteOffset, byteLength }: Float64Array | Uint16Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** A copy: pg's buffers begin anywhere in a larger one, and arrays of numbers only at multiples of their size. */
function bufferOf(bytes: Buffer): ArrayBuffer {
  const copy = new ArrayBuffer(bytes.byteLength);
  new Uint8Array(copy).set(bytes);
  return copy;
}
