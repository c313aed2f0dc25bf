import { describe, expect, it } from 'vitest';
import { xnysCalendar } from '../calendar/trading-calendar.js';
import { isCredible, isStaleQuote, quoteFault, quoteSession, type QuoteEvidence } from './quote-judgement.js';

const calendar = xnysCalendar();
const at = (instant: string) => new Date(instant);

describe('a quote that cannot be', () => {
  const now = at('2025-06-20T15:00:00Z');
  const faultOf = (price: number, quotedAt = '2025-06-20T14:59:00.000Z') =>
    quoteFault({ symbol: 'A', price, previousClose: null, currency: null, quotedAt }, now);

  it.each([0, -1, Number.NaN, Infinity, 1e7])('has the price %d', (price) => expect(faultOf(price)).toContain('price'));
  it('is yet to come, but clocks may differ by five minutes', () => {
    expect(faultOf(1, '2025-06-20T15:05:01.000Z')).toContain('yet to come');
    expect(faultOf(1, '2025-06-20T15:05:00.000Z')).toBeNull();
  });
  it.each(['1970-01-01T00:00:00.000Z', '', 'soon'])('is quoted at "%s"', (quotedAt) =>
    expect(faultOf(1, quotedAt)).not.toBeNull(),
  );
  it('is not one that is merely old', () => expect(faultOf(1, '2025-06-06T14:00:00.000Z')).toBeNull());
});

describe('a quote is stale', () => {
  it.each([
    ['over 20 minutes of trading later', '2025-06-20T14:39:59Z', '2025-06-20T15:00:00Z', true],
    ['not within them', '2025-06-20T14:40:00Z', '2025-06-20T15:00:00Z', false],
    ['not on the evening of its close', '2025-06-20T20:00:00Z', '2025-06-21T01:00:00Z', false],
    ['not on the weekend after its close', '2025-06-20T19:55:00Z', '2025-06-22T15:00:00Z', false],
    ['not before the next open', '2025-06-20T20:00:00Z', '2025-06-23T13:29:00Z', false],
    ['once the next session trades', '2025-06-20T20:00:00Z', '2025-06-23T13:30:00Z', true],
    ['on the weekend when it was quoted hours before the close', '2025-06-20T15:00:00Z', '2025-06-22T15:00:00Z', true],
    ['in the evening after an early close when it is of the morning', '2024-11-29T15:00:00Z', '2024-11-29T22:00:00Z', true],
    ['not in the evening after an early close when it is of that close', '2024-11-29T18:00:00Z', '2024-11-29T22:00:00Z', false],
  ])('%s', (_, quotedAt, now, stale) => expect(isStaleQuote(calendar, at(quotedAt), at(now))).toBe(stale));
});

it('what is quoted on a weekend is of the session before', () => {
  expect(quoteSession(calendar, at('2025-06-21T15:00:00Z'))).toBe('2025-06-20');
  // Past midnight in London it is still Friday in New York.
  expect(quoteSession(calendar, at('2025-06-21T01:00:00Z'))).toBe('2025-06-20');
});

describe('a lot may be valued at a quote', () => {
  const CLOSE = { sessionIndex: calendar.sessionIndex('2025-06-18'), closeE6: 100e6 };
  const believes = (evidence: Partial<QuoteEvidence>) =>
    isCredible(calendar, { priceE6: 101e6, previousCloseE6: null, session: '2025-06-20', close: CLOSE, splits: [], ...evidence });

  it.each([
    ['near the close', {}, true],
    ['that has halved', { priceE6: 51e6 }, false],
    ['that has doubled', { priceE6: 195e6 }, false],
    ['that fell by 40 %, as its previous close does not', { priceE6: 60e6, previousCloseE6: 100.3e6 }, true],
    ['whose previous close was split three for two', { priceE6: 67e6, previousCloseE6: 66.7e6 }, false],
    ['of a symbol without any close', { close: null }, false],
    ['that is older than the close', { session: '2025-06-17' }, false],
    ['of the very session of the close', { session: '2025-06-18', previousCloseE6: 80e6 }, true],
    ['sessions after the close, whatever it says was the close before', { session: '2025-06-23', previousCloseE6: 80e6 }, true],
  ] as const)('%s: %o', (_, evidence, credible) => expect(believes(evidence)).toBe(credible));

  it('that a known split explains, and not one that the split does not', () => {
    const splits = [{ exDate: '2025-06-20', ratio: { numerator: 4, denominator: 1 } }];
    expect(believes({ priceE6: 25.2e6, previousCloseE6: 25e6, splits })).toBe(true);
    expect(believes({ priceE6: 101e6, splits })).toBe(false);
    const applied = [{ exDate: '2025-06-18', ratio: { numerator: 4, denominator: 1 } }];
    expect(believes({ priceE6: 101e6, splits: applied })).toBe(true);
  });
});
