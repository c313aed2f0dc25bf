import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { dayNumber, isoDate } from './calendar-date.js';
import { CalendarRangeError } from './calendar-range-error.js';
import { createTradingCalendar, xnysCalendar, type TradingCalendar } from './trading-calendar.js';
import { XNYS } from './xnys.js';

const calendar = xnysCalendar();
const at = (instant: string): Date => new Date(instant);

type CalendarFigures = Readonly<{
  fullClosures: readonly string[];
  earlyCloses: Readonly<Record<string, string>>;
  sessionsPerYear: Readonly<Record<string, number>>;
}>;

describe('sessions of the New York Stock Exchange', () => {
  it('agree with the collated list on every day of the range', () => {
    const golden = JSON.parse(readFileSync(new URL('./xnys.golden.json', import.meta.url), 'utf8')) as Omit<
      CalendarFigures,
      'fullClosures'
    > & {
      fullClosures: Record<string, string[]>;
    };
    expectCalendarToMatch(calendar, { ...golden, fullClosures: Object.values(golden.fullClosures).flat() });
  });

  it('agree with the reference calendar on every day of the range', (ctx) => {
    const reference = referenceCalendar();
    if (reference === null) {
      console.warn('skipped: the reference calendar is not there (set CLOSEBELL_SHARED_DATA)');
      return ctx.skip();
    }
    expectCalendarToMatch(calendar, reference);
  });

  it.each(['2001-09-11', '2001-09-14', '2012-10-29', '2012-10-30', '2018-12-05', '2025-01-09', '2007-01-02'])(
    'leave out the one-off closure %s',
    (date) => {
      expect(calendar.isSession(date)).toBe(false);
    },
  );

  it('include the Friday before a New Year’s Day on a Saturday', () => {
    expect(calendar.isSession('2021-12-31')).toBe(true);
    expect(calendar.isSession('2010-12-31')).toBe(true);
    expect(calendar.nextSession('2021-12-31')).toBe('2022-01-03');
  });

  it('observe the other fixed holidays on the nearest weekday', () => {
    expect(['2010-12-24', '2021-07-05', '2020-07-03', '2027-06-18', '2022-06-20'].map(calendar.isSession)).toEqual(
      Array(5).fill(false),
    );
  });

  it('observe Juneteenth from 2022 and Martin Luther King, Jr. Day from 1998 only', () => {
    expect(['2021-06-18', '2023-06-19', '1997-01-20', '1998-01-19'].map(calendar.isSession)).toEqual([true, false, true, false]);
  });
});

describe('early closes', () => {
  it('fell on the Friday after a Thursday 4 July until 2012 and fall on the Wednesday before it since 2013', () => {
    expect(['2002-07-03', '2002-07-05', '2013-07-03', '2013-07-05'].map(calendar.isEarlyClose)).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it('fall on 3 July in either time when the 4th is a Wednesday', () => {
    expect(calendar.isEarlyClose('2012-07-03')).toBe(true);
    expect(calendar.isEarlyClose('2018-07-03')).toBe(true);
  });

  it('end the session at 13:00 in New York', () => {
    expect(calendar.closeInstant('2024-07-03')).toEqual(at('2024-07-03T17:00:00Z'));
    expect(calendar.closeInstant('2024-11-29')).toEqual(at('2024-11-29T18:00:00Z'));
  });

  it('ended the session at 14:00 before 1993', () => {
    expect(calendar.closeInstant('1992-11-27')).toEqual(at('1992-11-27T19:00:00Z'));
  });
});

describe('the exchange is open', () => {
  it.each([
    ['from 09:30 in New York in summer', '2025-06-20T13:30:00Z', true],
    ['and not a moment before', '2025-06-20T13:29:59.999Z', false],
    ['from 09:30 in winter', '2025-01-10T14:30:00Z', true],
    ['until 16:00', '2025-06-20T19:59:59.999Z', true],
    ['and not at 16:00', '2025-06-20T20:00:00Z', false],
    ['until an early close', '2024-11-29T18:00:00Z', false],
    ['never on a holiday', '2025-06-19T15:00:00Z', false],
    ['never on a weekend', '2025-06-21T15:00:00Z', false],
  ])('%s', (_, now, open) => expect(calendar.isOpen(at(now))).toBe(open));

  it('and opens only on sessions', () => {
    expect(() => calendar.openInstant('2025-01-04')).toThrow('2025-01-04 is not a session of XNYS');
  });
});

describe('closeInstant', () => {
  it.each([
    ['2025-03-07', '2025-03-07T21:00:00Z'],
    ['2025-03-10', '2025-03-10T20:00:00Z'],
    ['2025-10-31', '2025-10-31T20:00:00Z'],
    ['2025-11-03', '2025-11-03T21:00:00Z'],
    ['2006-03-31', '2006-03-31T21:00:00Z'],
    ['2006-04-03', '2006-04-03T20:00:00Z'],
    ['2006-10-27', '2006-10-27T20:00:00Z'],
    ['2006-10-30', '2006-10-30T21:00:00Z'],
  ])('of %s follows the daylight-saving law of its year', (session, instant) => {
    expect(calendar.closeInstant(session)).toEqual(at(instant));
  });

  it('refuses a day that is no session', () => {
    expect(() => calendar.closeInstant('2025-01-04')).toThrow('2025-01-04 is not a session of XNYS');
  });
});

describe('moving between sessions', () => {
  it('treats a Saturday as neither session: Friday before, Monday after', () => {
    expect(calendar.isSession('2025-06-14')).toBe(false);
    expect(calendar.sessionOnOrBefore('2025-06-14')).toBe('2025-06-13');
    expect(calendar.sessionOnOrAfter('2025-06-14')).toBe('2025-06-16');
    expect(calendar.previousSession('2025-06-14')).toBe('2025-06-13');
    expect(calendar.nextSession('2025-06-14')).toBe('2025-06-16');
  });

  it('stays on a session for "on or", leaves it for "previous" and "next"', () => {
    const monday = '2001-09-10';
    expect(calendar.sessionOnOrBefore(monday)).toBe(monday);
    expect(calendar.sessionOnOrAfter(monday)).toBe(monday);
    expect(calendar.previousSession(monday)).toBe('2001-09-07');
    expect(calendar.nextSession(monday)).toBe('2001-09-17');
  });

  it('counts sessions, not days, in both directions', () => {
    expect(calendar.addSessions('2012-10-26', 1)).toBe('2012-10-31');
    expect(calendar.addSessions('2012-10-31', -1)).toBe('2012-10-26');
    expect(calendar.addSessions('2012-10-31', 0)).toBe('2012-10-31');
    const back = calendar.addSessions('2025-06-13', -504);
    expect(calendar.sessionIndex('2025-06-13') - calendar.sessionIndex(back)).toBe(504);
    expect(calendar.sessionsBetween(back, '2025-06-13')).toHaveLength(505);
  });

  it('the last sessions up to one are as many as asked for, or as the calendar has', () => {
    expect(calendar.sessionsTo('2012-10-31', 2)).toEqual(['2012-10-26', '2012-10-31']);
    expect(calendar.sessionsTo('2012-10-31', 1)).toEqual(['2012-10-31']);
    expect(calendar.sessionsTo('1990-01-03', 5)).toEqual(['1990-01-02', '1990-01-03']);
    expect(calendar.sessionsTo('2025-06-13', 505)[0]).toBe(calendar.addSessions('2025-06-13', -504));
  });

  it('lists sessions with both ends included', () => {
    expect(calendar.sessionsBetween('2025-01-08', '2025-01-13')).toEqual(['2025-01-08', '2025-01-10', '2025-01-13']);
    expect(calendar.sessionsBetween('2025-01-11', '2025-01-12')).toEqual([]);
    expect(calendar.sessionsBetween('2025-01-13', '2025-01-08')).toEqual([]);
  });
});

describe('latestCompleteSession', () => {
  it.each([
    ['2025-06-13T20:29:59.999Z', '2025-06-12', 'a millisecond before 16:30'],
    ['2025-06-13T20:30:00Z', '2025-06-13', 'at 16:30 to the dot'],
    ['2024-07-03T17:29:59Z', '2024-07-02', 'before 13:30 of a half day'],
    ['2024-07-03T17:30:00Z', '2024-07-03', 'at 13:30 of a half day'],
    ['2025-06-14T12:00:00Z', '2025-06-13', 'on a Saturday'],
    ['2001-09-16T12:00:00Z', '2001-09-10', 'after four days of closure'],
    ['2025-01-14T02:00:00Z', '2025-01-13', 'in the evening of New York, when UTC is a day ahead'],
  ])('at %s is %s: %s', (now, session) => {
    expect(calendar.latestCompleteSession(at(now))).toBe(session);
  });
});

describe('targetSession', () => {
  const saturdayNoon = at('2025-06-14T16:00:00Z');

  it('is the session asked for once it is complete', () => {
    expect(calendar.targetSession('2025-06-12', saturdayNoon)).toBe('2025-06-12');
  });

  it('is the session before for a weekend, a holiday, today before the close, or a day to come', () => {
    expect(calendar.targetSession('2025-06-14', saturdayNoon)).toBe('2025-06-13');
    expect(calendar.targetSession('2025-01-09', saturdayNoon)).toBe('2025-01-08');
    expect(calendar.targetSession('2025-06-13', at('2025-06-13T18:00:00Z'))).toBe('2025-06-12');
    expect(calendar.targetSession('2026-01-01', saturdayNoon)).toBe('2025-06-13');
  });
});

describe('newYorkDate', () => {
  it.each([
    ['2025-01-15T04:59:59Z', '2025-01-14'],
    ['2025-01-15T05:00:00Z', '2025-01-15'],
    ['2025-07-15T03:59:59Z', '2025-07-14'],
    ['2025-07-15T04:00:00Z', '2025-07-15'],
    ['2025-03-09T04:59:59Z', '2025-03-08'],
    ['2025-03-10T04:00:00Z', '2025-03-10'],
    ['2025-11-02T03:59:59Z', '2025-11-01'],
    ['2025-11-03T04:59:59Z', '2025-11-02'],
    ['2025-11-03T05:00:00Z', '2025-11-03'],
  ])('at %s is %s', (now, date) => {
    expect(calendar.newYorkDate(at(now))).toBe(date);
  });

  it('agrees with the time-zone database around every change of the clock', () => {
    const format = new Intl.DateTimeFormat('en-CA', {
      timeZone: 'America/New_York',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
    });
    const wrong: string[] = [];
    for (let day = dayNumber('1990-01-02'); day <= dayNumber('2028-12-30'); day += 1) {
      for (const hour of [3, 4, 5, 6]) {
        const now = new Date((day * 24 + hour) * 3_600_000 - 1);
        if (calendar.newYorkDate(now) !== format.format(now)) wrong.push(now.toISOString());
      }
    }
    expect(wrong).toEqual([]);
  });
});

describe('outside the range', () => {
  it.each([
    () => calendar.isSession('1989-12-29'),
    () => calendar.isSession('2029-01-02'),
    () => calendar.sessionsBetween('2028-12-01', '2029-01-31'),
    () => calendar.previousSession('1990-01-02'),
    () => calendar.sessionOnOrBefore('1990-01-01'),
    () => calendar.nextSession('2028-12-29'),
    () => calendar.sessionOnOrAfter('2028-12-30'),
    () => calendar.addSessions('2028-12-29', 1),
    () => calendar.addSessions('1990-01-02', -1),
    () => calendar.sessionIndex('2029-01-02'),
    () => calendar.closeInstant('2029-01-02'),
    () => calendar.targetSession('2030-01-01', at('2025-06-14T16:00:00Z')),
    () => calendar.latestCompleteSession(at('2029-06-01T00:00:00Z')),
    () => calendar.newYorkDate(at('1990-01-01T04:59:59Z')),
    () => calendar.newYorkDate(at('1980-01-01T00:00:00Z')),
  ])('every answer is an error: %s', (ask) => {
    expect(ask).toThrow(CalendarRangeError);
  });

  it('the error names the date and the range', () => {
    expect(() => calendar.isSession('2031-05-06')).toThrow(
      '2031-05-06 lies outside the XNYS calendar, which knows 1990-01-01 to 2028-12-31',
    );
  });

  it('a text that is no date is refused as such', () => {
    expect(() => calendar.isSession('2025-02-30')).toThrow(TypeError);
    expect(() => calendar.sessionOnOrBefore('2025-2-3')).toThrow(TypeError);
  });
});

it('building the calendar takes less than 20 ms', () => {
  const times = Array.from({ length: 8 }, () => {
    const start = performance.now();
    createTradingCalendar(XNYS);
    return performance.now() - start;
  });
  // The best of several: the others measure what else the machine is doing.
  expect(Math.min(...times)).toBeLessThan(20);
});

function expectCalendarToMatch(actual: TradingCalendar, expected: CalendarFigures): void {
  const closed = new Set(expected.fullClosures);
  const sessions: string[] = [];
  for (let day = dayNumber('1990-01-01'); day <= dayNumber('2028-12-31'); day += 1) {
    const date = isoDate(day);
    const isWeekday = ![0, 6].includes(new Date(date).getUTCDay());
    if (isWeekday && !closed.has(date)) sessions.push(date);
    if (actual.isSession(date) !== (isWeekday && !closed.has(date))) expect.fail(`${date} is wrong`);
  }
  expect(actual.sessionsBetween('1990-01-01', '2028-12-31')).toEqual(sessions);
  expect(
    Object.fromEntries(sessions.filter(actual.isEarlyClose).map((date) => [date, newYorkClock(actual.closeInstant(date))])),
  ).toEqual(expected.earlyCloses);
  expect(
    new Set(sessions.filter((date) => !actual.isEarlyClose(date)).map((date) => newYorkClock(actual.closeInstant(date)))),
  ).toEqual(new Set(['16:00']));
  for (const [year, count] of Object.entries(expected.sessionsPerYear)) {
    expect(actual.sessionsBetween(`${year}-01-01`, `${year}-12-31`), year).toHaveLength(count);
  }
}

const clock = new Intl.DateTimeFormat('en-GB', { timeZone: 'America/New_York', hour: '2-digit', minute: '2-digit' });

function newYorkClock(instant: Date): string {
  return clock.format(instant);
}

function referenceCalendar(): CalendarFigures | null {
  const folder = process.env['CLOSEBELL_SHARED_DATA'] ?? new URL('../../../../shared/data', import.meta.url).pathname;
  try {
    const figures = JSON.parse(readFileSync(`${folder}/oracles/nyse_calendar_1990_2028.json`, 'utf8')) as Record<string, never>;
    return {
      fullClosures: figures['weekday_full_closures'] ?? [],
      earlyCloses: figures['early_closes_local_time'] ?? {},
      sessionsPerYear: figures['sessions_per_year'] ?? {},
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
