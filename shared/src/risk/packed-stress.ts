// The results of all scenarios as the bytes of one column: little-endian float64, by scenario direct and then correlated, each the total, a
// figure for each factor, option rest and price floor.

/** Signed dollars of a whole portfolio in one scenario: a loss is negative. */
export type StressLines = Readonly<{
  /** The sum of all the other lines. */
  total: number;
  /** In the order of the session's factors. */
  byFactor: Float64Array;
  /** What full revaluation of the options adds to their delta. */
  optionRest: number;
  /** What the bound of prices at zero gives back. */
  priceFloor: number;
}>;

export type ScenarioImpact = Readonly<{
  scenarioId: string;
  direct: StressLines;
  /** Null without a covariance that tells how the other factors move. */
  correlated: StressLines | null;
}>;

export type PackedStress = Readonly<{ scenarioIds: readonly string[]; bytes: Uint8Array }>;

const BYTES_PER_FIGURE = 8;
/** Of one set of lines: the total, option rest and price floor; the factors come on top. */
const LINES_WITHOUT_FACTORS = 3;

/** Throws RangeError when the results are not of one number of factors. */
export function packStress(impacts: readonly ScenarioImpact[]): PackedStress {
  const factorCount = impacts[0]?.direct.byFactor.length ?? 0;
  const size = LINES_WITHOUT_FACTORS + factorCount;
  const view = new DataView(new ArrayBuffer(impacts.length * 2 * size * BYTES_PER_FIGURE));
  for (const [s, { direct, correlated }] of impacts.entries()) {
    putLines(view, 2 * s * size, direct, factorCount);
    putLines(view, (2 * s + 1) * size, correlated ?? unknownLines(factorCount), factorCount);
  }
  return { scenarioIds: impacts.map(({ scenarioId }) => scenarioId), bytes: new Uint8Array(view.buffer) };
}

/** What `packStress` was given. Throws RangeError when the bytes are not those of so many scenarios. */
export function unpackStress({ scenarioIds, bytes }: PackedStress): readonly ScenarioImpact[] {
  const size = bytes.byteLength / (scenarioIds.length * 2 * BYTES_PER_FIGURE);
  if (scenarioIds.length > 0 && !(Number.isInteger(size) && size >= LINES_WITHOUT_FACTORS))
    throw new RangeError(`${bytes.byteLength} bytes are not ${scenarioIds.length} scenarios`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return scenarioIds.map((scenarioId, s) => {
    const correlated = linesAt(view, 2 * s + 1, size);
    return { scenarioId, direct: linesAt(view, 2 * s, size), correlated: Number.isNaN(correlated.total) ? null : correlated };
  });
}

/** At the figure `first`, in the order that `linesAt` reads. */
function putLines(
  view: DataView,
  first: number,
  { total, byFactor, optionRest, priceFloor }: StressLines,
  factorCount: number,
): void {
  if (byFactor.length !== factorCount) throw new RangeError(`${byFactor.length} factors, not ${factorCount}`);
  const put = (i: number, figure: number): void => view.setFloat64((first + i) * BYTES_PER_FIGURE, figure, true);
  put(0, total);
  for (let k = 0; k < factorCount; k++) put(1 + k, byFactor[k] as number);
  put(1 + factorCount, optionRest);
  put(2 + factorCount, priceFloor);
}

function unknownLines(factorCount: number): StressLines {
  const byFactor = new Float64Array(factorCount).fill(Number.NaN);
  return { total: Number.NaN, byFactor, optionRest: Number.NaN, priceFloor: Number.NaN };
}

function linesAt(view: DataView, place: number, size: number): StressLines {
  const figure = (i: number): number => view.getFloat64((place * size + i) * BYTES_PER_FIGURE, true);
  return {
    total: figure(0),
    byFactor: Float64Array.from({ length: size - LINES_WITHOUT_FACTORS }, (_, k) => figure(1 + k)),
    optionRest: figure(size - 2),
    priceFloor: figure(size - 1),
  };
}
