// From the columns of a session's factor model to the factors as users know them: value and growth are the two ends of one column.
import { FACTORS, type FactorDefinition } from '../calc/factors.js';
import type { FactorModelOfSession } from './factor-model-of-session.js';

export type ShownFactor = Readonly<{
  definition: FactorDefinition;
  proxy: string | null;
  /** Its value among figures in the order of the model's columns; null when the model lacks its column. */
  of: (figures: Float64Array) => number | null;
}>;

export function shownFactors({ factors, proxies }: FactorModelOfSession): readonly ShownFactor[] {
  return FACTORS.map((definition) => {
    const column = factors.indexOf(definition.modelFactor);
    const sign = definition.id === 'growth' ? -1 : 1;
    // Adding 0 makes a 0 of −0.
    return {
      definition,
      proxy: proxies[definition.id],
      of: (figures) => (column === -1 ? null : sign * (figures[column] as number) + 0),
    };
  });
}

/** The same figures by the factors' names; absent factors are left out. */
export function byFactorName(shown: readonly ShownFactor[], figures: Float64Array): Record<string, number> {
  return Object.fromEntries(
    shown.flatMap(({ definition, of }) => {
      const figure = of(figures);
      return figure === null ? [] : [[definition.name, figure] as const];
    }),
  );
}
