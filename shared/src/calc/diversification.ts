// The diversification score: how far holdings move apart, as 1 less their average correlation by weight.

export type CorrelatedHoldings = Readonly<{
  /** Market value of each symbol in dollars, or its share; size alone counts. One entry for a symbol, not for a lot. */
  marketValues: ArrayLike<number>;
  /** Correlation of the symbols at two places of `marketValues`; NaN without enough overlap. Asked once for each pair i < j. */
  correlation: (i: number, j: number) => number;
}>;

export type Diversification =
  | Readonly<{
      ok: true;
      /** Σ w·w·|ρ| / Σ w·w over the pairs that have a correlation, 0 to 1; w is the share of gross market value. */
      portfolioCorrelation: number;
      /** 1 less that: 0 when all move as one, or against one another. */
      diversificationScore: number;
      /** Pairs of symbols with a weight: those that have a correlation, and all. */
      pairs: number;
      pairsPossible: number;
    }>
  /** Fewer than two symbols with a weight, or no pair of them with a correlation. */
  | Readonly<{ ok: false; reason: 'insufficient_symbols' }>;

export function diversification({ marketValues, correlation }: CorrelatedHoldings): Diversification {
  const held = Array.from(marketValues, (_, i) => i).filter((i) => marketValues[i] !== 0);
  const gross = held.reduce((sum, i) => sum + Math.abs(Number(marketValues[i])), 0);
  let correlated = 0;
  let weighed = 0;
  let pairs = 0;
  for (const i of held) {
    for (const j of held) {
      const rho = i < j ? correlation(i, j) : Number.NaN;
      if (Number.isNaN(rho)) continue;
      const weight = Math.abs((Number(marketValues[i]) / gross) * (Number(marketValues[j]) / gross));
      correlated += weight * Math.abs(rho);
      weighed += weight;
      pairs += 1;
    }
  }
  if (weighed === 0) return { ok: false, reason: 'insufficient_symbols' };
  const portfolioCorrelation = Math.min(1, correlated / weighed);
  return {
    ok: true,
    portfolioCorrelation,
    diversificationScore: 1 - portfolioCorrelation,
    pairs,
    pairsPossible: (held.length * (held.length - 1)) / 2,
  };
}
