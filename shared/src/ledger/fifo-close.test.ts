import { describe, expect, it } from 'vitest';
import { closeFirstIn, holdingOf } from './fifo-close.js';

const lot = (positionId: string, quantity: string, entryPrice: string, entryDate = '2025-01-02') => ({
  positionId,
  quantity,
  entryPrice,
  entryDate,
});
const sale = (quantity: number, price: number, splits: Parameters<typeof holdingOf>[2] = []) => ({
  quantityE8: BigInt(Math.round(quantity * 1e8)),
  priceE6: Math.round(price * 1e6),
  date: '2025-06-02',
  splits,
});
const split = (numerator: number, denominator: number, exDate = '2025-03-03') => [{ exDate, ratio: { numerator, denominator } }];
const E8 = 100_000_000n;

describe('a sale', () => {
  it('of 40 out of 100 bought at 150 at a price of 160 realises 400, and leaves 60', () => {
    expect(closeFirstIn([lot('a', '100', '150')], sale(40, 160))).toEqual({
      closings: [{ positionId: 'a', closedE8: 40n * E8, keptE8: 60n * E8, realisedE4: 400_0000 }],
      heldE8: 100n * E8,
      restE8: 0n,
      realisedE4: 400_0000,
    });
  });

  it('closes the lot that came in first before it touches the next', () => {
    const lots = [lot('first', '10', '150'), lot('second', '10', '200', '2025-02-03'), lot('third', '1', '1', '2025-03-03')];
    const { closings, realisedE4, heldE8 } = closeFirstIn(lots, sale(15, 190));
    expect(closings.map(({ positionId, keptE8 }) => [positionId, keptE8])).toEqual([
      ['first', 0n],
      ['second', 5n * E8],
    ]);
    expect(realisedE4).toBe((40 * 10 - 10 * 5) * 10_000);
    expect(heldE8).toBe(21n * E8);
  });

  it('of more than is held says how much is left over', () => {
    expect(closeFirstIn([lot('a', '10', '150')], sale(12, 150))).toMatchObject({ heldE8: 10n * E8, restE8: 2n * E8 });
    expect(closeFirstIn([], sale(1, 150))).toEqual({ closings: [], heldE8: 0n, restE8: 1n * E8, realisedE4: 0 });
  });

  it('of 10 shares after a 2:1 split closes a lot of 5 entered before it', () => {
    const { closings, restE8 } = closeFirstIn([lot('a', '5', '100')], sale(10, 60, split(2, 1)));
    expect(closings).toEqual([{ positionId: 'a', closedE8: 5n * E8, keptE8: 0n, realisedE4: 100_0000 }]);
    expect(restE8).toBe(0n);
  });

  it('after a 3:1 split takes shares as entered to the nearest 1e-8, and what is left can be sold to the end', () => {
    const lots = [lot('a', '5', '90')];
    const [part] = closeFirstIn(lots, sale(10, 40, split(3, 1))).closings;
    expect(part).toMatchObject({ closedE8: 333_333_333n, keptE8: 166_666_667n });
    const rest = closeFirstIn([lot('a', '1.66666667', '90')], sale(5.00000001, 40, split(3, 1)));
    expect(rest).toMatchObject({ restE8: 0n, closings: [{ keptE8: 0n }] });
  });

  it('realises exactly, each amount rounded once', () => {
    const lots = [lot('a', '0.12345678', '3.333333'), lot('b', '3', '0.1')];
    // 0.12345678 × 9.99 = 1.2333332…, × 3.333333 = 0.4115225…; 1 × 9.99 − 0.1.
    expect(closeFirstIn(lots, sale(1.12345678, 9.99)).closings.map(({ realisedE4 }) => realisedE4)).toEqual([
      12_333 - 4_115,
      98_900,
    ]);
  });
});

it('a purchase covers a short: 100 at 200 bought back at 180 realises 2,000', () => {
  expect(closeFirstIn([lot('a', '-100', '200')], sale(120, 180))).toEqual({
    closings: [{ positionId: 'a', closedE8: -100n * E8, keptE8: 0n, realisedE4: 2_000_0000 }],
    heldE8: 100n * E8,
    restE8: 20n * E8,
    realisedE4: 2_000_0000,
  });
});

describe('a holding', () => {
  const first = lot('a', '10', '150');
  const second = lot('b', '10', '200');

  it('of 10 at 150 and 10 at 200 is 20 at 175, and after 5 of the first are sold 15 at 183.33', () => {
    expect(holdingOf([first, second], '2025-06-02', [])).toEqual({ sharesE8: 20n * E8, averageCost: 175 });
    const left = holdingOf([{ ...first, quantity: '5' }, second], '2025-06-02', []);
    expect(left.sharesE8).toBe(15n * E8);
    expect(left.averageCost).toBeCloseTo(183.3333, 4);
  });

  it('counts shares after splits, at what they cost then', () => {
    expect(holdingOf([first], '2025-06-02', split(2, 1))).toEqual({ sharesE8: 20n * E8, averageCost: 75 });
  });

  it('of shorts is below zero at what they were sold for; of both sides, or of nothing, it has no average', () => {
    expect(holdingOf([lot('a', '-10', '150')], '2025-06-02', [])).toEqual({ sharesE8: -10n * E8, averageCost: 150 });
    expect(holdingOf([first, lot('b', '-4', '150')], '2025-06-02', [])).toEqual({ sharesE8: 6n * E8, averageCost: null });
    expect(holdingOf([], '2025-06-02', [])).toEqual({ sharesE8: 0n, averageCost: null });
  });
});
