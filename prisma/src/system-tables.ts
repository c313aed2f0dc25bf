// Whether the tables that calculations rest on are filled.
import type { Queryable } from './client.js';

export type SystemTableCounts = Readonly<{ factors: number; scenarios: number }>;

export async function countSystemTables(client: Queryable): Promise<SystemTableCounts> {
  const { rows } = await client.query<SystemTableCounts>(
    `SELECT (SELECT count(*) FROM factor_definitions) AS factors, (SELECT count(*) FROM stress_scenarios) AS scenarios`,
  );
  return rows[0] ?? { factors: 0, scenarios: 0 };
}
