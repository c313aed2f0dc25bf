// Dollars of positions and of their portfolio in each factor.

export type FactorPosition = Readonly<{
  /** Delta-adjusted dollars, short below 0; NaN when it has no price. */
  marketValue: number;
  /** In the order of the factors; null when there are none, as of a private asset. */
  betas: Float64Array | null;
}>;

export type FactorExposures = Readonly<{
  /** Market value × beta in dollars: a row for each position, a column for each factor; NaN where not covered. */
  byPosition: Float64Array;
  /** The portfolio's dollars in each factor: the sum of the covered positions. NaN when it has positions and none is covered. */
  dollars: Float64Array;
  /** Dollars by equity; NaN as the dollars are, and where equity is not above 0. */
  betas: Float64Array;
  /** Positions with a price and betas. */
  positionsCovered: number;
  /** Their share of the gross market value that is known, 0 to 1; null when none is. */
  coverage: number | null;
}>;

/** Exposures to `factorCount` factors. `equity` in dollars. Throws RangeError when a position has another number of betas. */
export function factorExposures(positions: readonly FactorPosition[], factorCount: number, equity: number): FactorExposures {
  const byPosition = new Float64Array(positions.length * factorCount).fill(Number.NaN);
  const dollars = new Float64Array(factorCount);
  let positionsCovered = 0;
  let gross = 0;
  let grossCovered = 0;
  positions.forEach(({ marketValue, betas }, i) => {
    if (Number.isNaN(marketValue)) return;
    gross += Math.abs(marketValue);
    if (betas === null) return;
    if (betas.length !== factorCount) throw new RangeError(`${betas.length} betas for ${factorCount} factors`);
    positionsCovered += 1;
    grossCovered += Math.abs(marketValue);
    for (let k = 0; k < factorCount; k++) {
      const exposure = marketValue * (betas[k] as number);
      byPosition[i * factorCount + k] = exposure;
      dollars[k] = (dollars[k] as number) + exposure;
    }
  });
  if (positions.length > 0 && positionsCovered === 0) dollars.fill(Number.NaN);
  return {
    byPosition,
    dollars,
    betas: dollars.map((exposure) => (equity > 0 ? exposure / equity : Number.NaN)),
    positionsCovered,
    coverage: gross > 0 ? grossCovered / gross : null,
  };
}
