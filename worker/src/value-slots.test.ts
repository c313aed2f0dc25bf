import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import { describe, expect, it } from 'vitest';
import { slotFault, valueSlotAt } from './value-slots.js';

const calendar = xnysCalendar();
const slotAt = (now: string, everyMs = 30_000) => valueSlotAt(calendar, new Date(now), everyMs)?.toISOString() ?? null;

describe('the slot that has come', () => {
  it.each([
    ['begins with the open', '2025-06-20T13:30:00Z', '2025-06-20T13:30:00.000Z'],
    ['is the even instant before', '2025-06-20T15:00:47Z', '2025-06-20T15:00:30.000Z'],
    ['has none before the open', '2025-06-20T13:29:59Z', null],
    ['has none at the close', '2025-06-20T20:00:00Z', null],
    ['is the close, a quarter of an hour later', '2025-06-20T20:15:00Z', '2025-06-20T20:00:00.000Z'],
    ['is the close still at the end of the day', '2025-06-21T03:59:00Z', '2025-06-20T20:00:00.000Z'],
    ['ends with the day', '2025-06-21T04:00:00Z', null],
    ['has none on a weekend', '2025-06-21T15:00:00Z', null],
    ['has none on a holiday', '2025-06-19T15:00:00Z', null],
    ['is the early close after it', '2024-11-29T18:15:00Z', '2024-11-29T18:00:00.000Z'],
    ['goes by New York in winter', '2025-01-10T14:30:10Z', '2025-01-10T14:30:00.000Z'],
  ])('%s', (_, now, slot) => expect(slotAt(now)).toBe(slot));

  it('is one for all workers of the same half minute', () => {
    const slots = Array.from({ length: 30 }, (_, second) => slotAt(`2025-06-20T15:00:${String(second).padStart(2, '0')}Z`));
    expect(new Set(slots).size).toBe(1);
  });
});

describe('a slot is recorded', () => {
  const faultOf = (slot: string, now: string) => slotFault(calendar, new Date(slot), new Date(now));
  it('within five minutes, and not later', () => {
    expect(faultOf('2025-06-20T15:00:00Z', '2025-06-20T15:05:00Z')).toBeNull();
    expect(faultOf('2025-06-20T15:00:00Z', '2025-06-20T15:05:01Z')).toContain('too late');
  });
  it('for the close all day, and not on the next', () => {
    expect(faultOf('2025-06-20T20:00:00Z', '2025-06-21T02:00:00Z')).toBeNull();
    expect(faultOf('2025-06-20T20:00:00Z', '2025-06-21T15:00:00Z')).toContain('too late');
  });
  it.each(['2025-06-21T15:00:00Z', '2025-06-19T15:00:00Z', '2025-06-20T13:29:00Z'])(
    'never while the exchange is closed: %s',
    (slot) => expect(faultOf(slot, slot)).toContain('not opened'),
  );
});
