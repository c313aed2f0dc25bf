// How much of a portfolio's gross market value lies in few positions and in few sectors.

/** A lot or a position; lots of one `symbol` count as one. Market value in dollars, below 0 for a short; `sector` null where unknown. */
export type Holding = Readonly<{ symbol: string; sector: string | null; marketValue: number }>;

export type Concentration = Readonly<{
  /** Σ share², the Herfindahl–Hirschman index: 1 for a single position, 1/n for n equal ones. */
  herfindahlIndex: number;
  /** 1 / index: how many equal positions would be as concentrated. */
  effectivePositions: number;
  /** Share of the three and ten largest, 0 to 1. */
  top3Share: number;
  top10Share: number;
  positions: number;
}>;

export type SectorWeight = Readonly<{
  sector: string | null;
  /** Share of gross market value; the weights of all sectors sum to 1. */
  weight: number;
  /** Long less short, as a share of gross market value. */
  netWeight: number;
  /** Dollars, |long| + |short|. */
  grossMarketValue: number;
}>;

/** Of gross market value, long and short alike; null when that is 0. */
export function concentration(holdings: readonly Holding[]): Concentration | null {
  const grossBySymbol = [...sumBy(holdings, ({ symbol }) => symbol, grossOf).values()].filter((gross) => gross > 0);
  const gross = sum(grossBySymbol);
  if (gross === 0) return null;
  const shares = grossBySymbol.map((own) => own / gross).toSorted((a, b) => b - a);
  const herfindahlIndex = sum(shares.map((share) => share * share));
  return {
    herfindahlIndex,
    effectivePositions: 1 / herfindahlIndex,
    // Rounding must not take a share above the whole.
    top3Share: Math.min(1, sum(shares.slice(0, 3))),
    top10Share: Math.min(1, sum(shares.slice(0, 10))),
    positions: shares.length,
  };
}

/** A row for each sector, the largest first; holdings without one make a row of their own. Empty when gross market value is 0. */
export function sectorWeights(holdings: readonly Holding[]): readonly SectorWeight[] {
  const grossBySector = sumBy(holdings, ({ sector }) => sector, grossOf);
  const netBySector = sumBy(
    holdings,
    ({ sector }) => sector,
    ({ marketValue }) => marketValue,
  );
  const gross = sum([...grossBySector.values()]);
  if (gross === 0) return [];
  return [...grossBySector]
    .map(([sector, own]) => ({
      sector,
      weight: own / gross,
      netWeight: (netBySector.get(sector) ?? 0) / gross,
      grossMarketValue: own,
    }))
    .toSorted((a, b) => b.weight - a.weight);
}

function sumBy<K>(
  holdings: readonly Holding[],
  keyOf: (holding: Holding) => K,
  valueOf: (holding: Holding) => number,
): ReadonlyMap<K, number> {
  const sums = new Map<K, number>();
  for (const holding of holdings) sums.set(keyOf(holding), (sums.get(keyOf(holding)) ?? 0) + valueOf(holding));
  return sums;
}

function grossOf({ marketValue }: Holding): number {
  return Math.abs(marketValue);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
