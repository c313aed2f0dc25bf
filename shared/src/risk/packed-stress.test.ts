import { describe, expect, test } from 'vitest';
import { packStress, unpackStress, type ScenarioImpact } from './packed-stress.js';

const lines = (total: number, ...byFactor: number[]) => ({
  total,
  byFactor: Float64Array.from(byFactor),
  optionRest: total / 3,
  priceFloor: -0.1,
});

describe('packed stress results', () => {
  test('come back as they were, to the last bit', () => {
    const impacts: readonly ScenarioImpact[] = [
      { scenarioId: 'a', direct: lines(0.1, 1 / 3, -2e-300), correlated: lines(1e12, 5, 6) },
      { scenarioId: 'b', direct: lines(-0, 7, 8), correlated: null },
    ];
    const packed = packStress(impacts);
    expect(packed.bytes.byteLength).toBe(2 * 2 * 5 * 8);
    expect(unpackStress(packed)).toEqual(impacts);
  });

  test('are read wherever they lie in a larger buffer, and without factors or scenarios', () => {
    const impacts = [{ scenarioId: 'a', direct: lines(1), correlated: lines(2) }];
    const { bytes, scenarioIds } = packStress(impacts);
    const larger = new Uint8Array(bytes.byteLength + 3);
    larger.set(bytes, 3);
    expect(unpackStress({ scenarioIds, bytes: larger.subarray(3) })).toEqual(impacts);
    expect(unpackStress(packStress([]))).toEqual([]);
  });

  test('of another number of scenarios, or of mixed factors, are refused', () => {
    const packed = packStress([{ scenarioId: 'a', direct: lines(1, 2), correlated: null }]);
    expect(() => unpackStress({ ...packed, scenarioIds: ['a', 'b', 'c'] })).toThrow(RangeError);
    expect(() => packStress([{ scenarioId: 'a', direct: lines(1, 2), correlated: lines(1) }])).toThrow(RangeError);
  });
});
