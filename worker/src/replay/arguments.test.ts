import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import { describe, expect, it } from 'vitest';
import { readScope, readSession } from './arguments.js';

const ID = '5f0c9a52-7b1f-4f0e-9d0a-0d6a4e4a1c11';
const NOW = new Date('2025-06-21T15:00:00Z');

describe('the scope', () => {
  it('is one portfolio or all of them', () => {
    expect(readScope({ portfolio: ID })).toEqual({ portfolioId: ID });
    expect(readScope({ all: true })).toBe('all');
  });

  it.each([[{}], [{ portfolio: ID, all: true }]])('is never guessed: %j', (given) => {
    expect(() => readScope(given)).toThrow('Say which: either --portfolio <id> or --all');
  });

  it('needs an id', () => {
    expect(() => readScope({ portfolio: 'mine' })).toThrow("--portfolio: 'mine' is no id");
  });
});

describe('a session', () => {
  const read = (given: string | undefined) => readSession(xnysCalendar(), NOW, 'after', given);

  it('that is complete is taken as it is', () => {
    expect(read('2025-06-20')).toBe('2025-06-20');
  });

  it.each([
    [undefined, '--after <session> is missing'],
    ['2025-06-31', "--after: '2025-06-31' is no date (YYYY-MM-DD)"],
    ['yesterday', "--after: 'yesterday' is no date (YYYY-MM-DD)"],
    ['2025-06-19', '--after: 2025-06-19 is no session; the sessions around it are 2025-06-18 and 2025-06-20'],
    ['2025-06-23', '--after: 2025-06-23 is not over; the last complete session is 2025-06-20'],
    ['1989-12-29', '--after: 1989-12-29 lies outside the calendar, 1990-01-01 to 2028-12-31'],
  ])('%s is refused with the reason', (given, message) => {
    expect(() => read(given)).toThrow(message);
  });
});
