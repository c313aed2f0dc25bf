// The system tables, made to agree with the tables of the code. Running it again changes nothing.
import { FACTORS } from '@closebell/shared/calc/factors';
import { STRESS_SCENARIOS } from '@closebell/shared/stress/scenarios';
import { inTransaction, type Db } from './src/client.js';

export async function seedSystemTables(db: Db): Promise<void> {
  await inTransaction(db, async (client) => {
    await client.query(
      `INSERT INTO factor_definitions (id, name, proxy, model_factor, fallbacks, position)
       SELECT f->>'id', f->>'name', f->>'proxy', f->>'modelFactor', ARRAY(SELECT jsonb_array_elements_text(f->'fallbacks')), place
       FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS given (f, place)
       ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name, proxy = EXCLUDED.proxy, model_factor = EXCLUDED.model_factor,
         fallbacks = EXCLUDED.fallbacks, position = EXCLUDED.position`,
      [JSON.stringify(FACTORS)],
    );
    await client.query(
      `INSERT INTO stress_scenarios (id, name, description, category, severity, shocks, yield_change, volatility_factor)
       SELECT s->>'id', s->>'name', s->>'description', s->>'category', s->>'severity', s->'shocks', (s->>'yieldChange')::float8,
         (s->>'volatilityFactor')::float8
       FROM jsonb_array_elements($1::jsonb) AS s
       ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name, description = EXCLUDED.description, category = EXCLUDED.category,
         severity = EXCLUDED.severity, shocks = EXCLUDED.shocks, yield_change = EXCLUDED.yield_change, volatility_factor = EXCLUDED.volatility_factor`,
      [JSON.stringify(STRESS_SCENARIOS)],
    );
    // What the tables of the code no longer name goes, so that both always agree.
    await client.query(`DELETE FROM factor_definitions WHERE id <> ALL($1)`, [FACTORS.map(({ id }) => id)]);
    await client.query(`DELETE FROM stress_scenarios WHERE id <> ALL($1)`, [STRESS_SCENARIOS.map(({ id }) => id)]);
  });
}
