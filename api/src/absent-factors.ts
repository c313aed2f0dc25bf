// Which funds a session lacked for a factor of its model, in words for whoever can mend it. Pure.
import { FACTORS, type FactorDefinition, type ModelFactor } from '@closebell/shared/calc/factors';
import type { FactorModelOfSession } from '@closebell/shared/risk/factor-model-of-session';

/** A sentence that names the funds, and one that says what to do. `absent`: factors that the model lacks. */
export function absenceOf({ proxies }: Pick<FactorModelOfSession, 'proxies'>, absent: readonly ModelFactor[]): string {
  const definitions: readonly FactorDefinition[] = FACTORS.filter(
    ({ id, modelFactor }) => absent.includes(modelFactor) && proxies[id] === null,
  );
  const symbols = definitions.flatMap(({ proxy, fallbacks }) => [proxy, ...fallbacks]);
  const [verb, pronoun] = symbols.length === 1 ? ['has', 'it'] : ['have', 'them'];
  return `${listed(symbols)} ${verb} fewer than 60 closes in the last 252 sessions. Check that the market data provider has ${pronoun}; the next calculation then has the factor.`;
}

function listed(symbols: readonly string[]): string {
  return symbols.length < 2 ? symbols.join() : `${symbols.slice(0, -1).join(', ')} and ${symbols.at(-1)}`;
}
