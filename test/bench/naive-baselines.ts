// The same figures as one writes them first: a row as an object, a list of lists, a pass for each thing. What the kernels are measured against.

export type DatedReturn = Readonly<{ date: string; value: number }>;

/** Every pair by itself: the dates both have, two means, three sums. */
export function naiveCorrelations(series: readonly (readonly DatedReturn[])[]): readonly (readonly number[])[] {
  const byDate = series.map((rows) => new Map(rows.map(({ date, value }) => [date, value])));
  return series.map((rows, i) =>
    series.map((_, j) => {
      if (j <= i) return Number.NaN;
      const pairs = rows.flatMap(({ date, value }) => {
        const other = byDate[j]!.get(date);
        return other === undefined ? [] : [{ x: value, y: other }];
      });
      const x = mean(pairs.map((pair) => pair.x));
      const y = mean(pairs.map((pair) => pair.y));
      const products = total(pairs.map((pair) => (pair.x - x) * (pair.y - y)));
      const squares = total(pairs.map((pair) => (pair.x - x) ** 2)) * total(pairs.map((pair) => (pair.y - y) ** 2));
      return products / Math.sqrt(squares);
    }),
  );
}

/** Normal equations for each response, solved by elimination. */
export function naiveRegression(response: readonly number[], columns: readonly (readonly number[])[]): readonly number[] {
  const rows = response.map((y, t) => [1, ...columns.map((column) => column[t]!), y]).filter((row) => !row.some(Number.isNaN));
  const size = columns.length + 1;
  const equations = Array.from({ length: size }, (_, i) =>
    Array.from({ length: size + 1 }, (__, j) => total(rows.map((row) => row[i]! * row[j]!))),
  );
  for (let k = 0; k < size; k++) {
    const pivot = equations[k]!.map((value) => value / equations[k]![k]!);
    for (let i = 0; i < size; i++) {
      const by = equations[i]![k]!;
      equations[i] = i === k ? pivot : equations[i]!.map((value, j) => value - by * pivot[j]!);
    }
  }
  return equations.map((row) => row[size]!);
}

/** A row for each lot and day, with its price looked up. */
export function naiveRollForward(
  lots: readonly Readonly<{ symbol: string; quantity: number }>[],
  dates: readonly string[],
  prices: ReadonlyMap<string, number>,
): readonly Readonly<{ symbol: string; date: string; value: number; pnl: number }>[] {
  return lots.flatMap(({ symbol, quantity }) => {
    let before = 0;
    return dates.map((date) => {
      const value = Math.round(quantity * prices.get(`${symbol} ${date}`)! * 1e4) / 1e4;
      const pnl = value - before;
      before = value;
      return { symbol, date, value, pnl };
    });
  });
}

/** Drawdown, volatility and beta of one series, a list at a time. */
export function naiveSeriesRisk(returns: readonly number[], benchmark: readonly number[]) {
  const levels = returns.reduce<number[]>((index, value) => [...index, (index.at(-1) ?? 1) * (1 + value)], []);
  const drawdowns = levels.map((level, i) => level / Math.max(1, ...levels.slice(0, i + 1)) - 1);
  const [own, market] = [mean(returns), mean(benchmark)];
  const squares = total(returns.map((value) => (value - own) ** 2));
  const products = total(returns.map((value, i) => (value - own) * (benchmark[i]! - market)));
  return {
    maxDrawdown: Math.min(...drawdowns),
    volatility: Math.sqrt((squares / (returns.length - 1)) * 252),
    beta: products / total(benchmark.map((value) => (value - market) ** 2)),
  };
}

/** Each lot in each scenario, factor by factor. */
export function naiveStress(
  portfolios: readonly (readonly Readonly<{ symbol: string; marketValue: number }>[])[],
  betas: ReadonlyMap<string, Readonly<Record<string, number>>>,
  scenarios: readonly Readonly<Record<string, number>>[],
): readonly (readonly number[])[] {
  return portfolios.map((lots) =>
    scenarios.map((moves) =>
      total(
        lots.map(({ symbol, marketValue }) => {
          const own = betas.get(symbol)!;
          return marketValue * Math.max(-1, total(Object.entries(moves).map(([factor, move]) => own[factor]! * move)));
        }),
      ),
    ),
  );
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function mean(values: readonly number[]): number {
  return total(values) / values.length;
}
