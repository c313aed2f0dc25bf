// The New York Stock Exchange's closures and early closes as data. A new holiday or a one-off closure is one line here.
import { FRIDAY, MONDAY, THURSDAY, TUESDAY, WEDNESDAY, type DayRule } from './day-rules.js';
import type { Exchange } from './exchange-days.js';

const JULY_THIRD: DayRule = { month: 7, dayOfMonth: 3 };

export const XNYS: Exchange = {
  code: 'XNYS',
  firstDate: '1990-01-01',
  lastDate: '2028-12-31',

  holidays: [
    // The exchange's year ends with an ordinary session: 1 January on a Saturday does not close the Friday before.
    { name: "New Year's Day", on: { month: 1, dayOfMonth: 1 }, observed: 'monday_after_sunday' },
    { name: 'Martin Luther King, Jr. Day', on: { month: 1, weekday: MONDAY, nth: 3 }, fromYear: 1998 },
    { name: "Washington's Birthday", on: { month: 2, weekday: MONDAY, nth: 3 } },
    { name: 'Good Friday', on: { easterPlusDays: -2 } },
    { name: 'Memorial Day', on: { month: 5, weekday: MONDAY, nth: -1 } },
    { name: 'Juneteenth', on: { month: 6, dayOfMonth: 19 }, observed: 'nearest_weekday', fromYear: 2022 },
    { name: 'Independence Day', on: { month: 7, dayOfMonth: 4 }, observed: 'nearest_weekday' },
    { name: 'Labor Day', on: { month: 9, weekday: MONDAY, nth: 1 } },
    { name: 'Thanksgiving', on: { month: 11, weekday: THURSDAY, nth: 4 } },
    { name: 'Christmas', on: { month: 12, dayOfMonth: 25 }, observed: 'nearest_weekday' },
  ],

  oneOffClosures: {
    '1994-04-27': 'Funeral of Richard Nixon',
    '2001-09-11': 'Attacks of 11 September',
    '2001-09-12': 'Attacks of 11 September',
    '2001-09-13': 'Attacks of 11 September',
    '2001-09-14': 'Attacks of 11 September',
    '2004-06-11': 'Funeral of Ronald Reagan',
    '2007-01-02': 'Mourning for Gerald Ford',
    '2012-10-29': 'Hurricane Sandy',
    '2012-10-30': 'Hurricane Sandy',
    '2018-12-05': 'Mourning for George H. W. Bush',
    '2025-01-09': 'Mourning for Jimmy Carter',
  },

  earlyCloses: [
    // Around 4 July: the day before it. With the holiday on a Thursday it was the Friday after, until 2013 made it the Wednesday before.
    { name: 'Independence Day eve', on: JULY_THIRD, weekdays: [MONDAY, TUESDAY, THURSDAY], fromYear: 1995 },
    { name: 'Independence Day eve', on: JULY_THIRD, weekdays: [WEDNESDAY], fromYear: 2013 },
    { name: 'Day after Independence Day', on: { month: 7, dayOfMonth: 5 }, weekdays: [FRIDAY], fromYear: 1995, toYear: 2012 },
    { name: 'Day after Thanksgiving', on: { month: 11, weekday: THURSDAY, nth: 4, plusDays: 1 }, fromYear: 1992 },
    { name: 'Christmas Eve', on: { month: 12, dayOfMonth: 24 } },
  ],

  oneOffEarlyCloses: {
    '1997-12-26': 'Day after Christmas',
    '1999-12-31': 'Eve of the year 2000',
    '2003-12-26': 'Day after Christmas',
  },

  openHour: 9.5,
  closeHour: 16,
  earlyCloseHours: [
    { fromYear: 1993, hour: 13 },
    { fromYear: 1990, hour: 14 },
  ],
};
