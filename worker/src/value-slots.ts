// When the values of portfolios are recorded between two closes: at even instants while the exchange is open, and once after the close.
import { submitValueSlot } from '@closebell/prisma/value-slots';
import type { TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import { countSubmit } from '@closebell/shared/metrics';
import type { WorkerContext } from './context.js';

/** Free feeds are a quarter of an hour late: by then their last quote is the session's last. */
const AFTER_CLOSE_MS = 15 * 60_000;
/** A job that could not run for so long would record a later value than its slot says. */
const LATE_MS_MAX = 5 * 60_000;

/**
 * The newest slot that has come: whole multiples of `everyMs` since 1970 from the open on, and for the rest of the session's day the instant
 * of its close. Null on a day without a session, before the open, and just after the close.
 */
export function valueSlotAt(calendar: TradingCalendar, now: Date, everyMs: number): Date | null {
  const date = calendar.newYorkDate(now);
  if (!calendar.isSession(date)) return null;
  const close = calendar.closeInstant(date);
  if (now.getTime() >= close.getTime() + AFTER_CLOSE_MS) return close;
  const slot = new Date(Math.floor(now.getTime() / everyMs) * everyMs);
  return slot >= calendar.openInstant(date) && slot < close ? slot : null;
}

/** Why a slot is not recorded any more, or never; null when it is. That of the close is good for the rest of the day. */
export function slotFault(calendar: TradingCalendar, slot: Date, now: Date): string | null {
  const date = calendar.newYorkDate(slot);
  if (!calendar.isSession(date) || slot < calendar.openInstant(date)) return 'the exchange had not opened';
  const isOfClose = slot.getTime() === calendar.closeInstant(date).getTime() && calendar.newYorkDate(now) === date;
  return isOfClose || now.getTime() - slot.getTime() <= LATE_MS_MAX ? null : 'it was too late for it';
}

/** Submits the slot's job, once for all workers; gives the slot, which need not be looked at again. */
export async function submitDueSlot(context: WorkerContext, lastSeen: Date | null): Promise<Date | null> {
  const { db, config, calendar, clock, metrics, logger } = context;
  const slot = valueSlotAt(calendar, clock(), config.recordValuesEveryMs);
  if (slot === null || slot.getTime() === lastSeen?.getTime()) return lastSeen;
  const outcome = await submitValueSlot(db, slot);
  if (outcome === 'submitted') countSubmit(metrics, 'record-values', true);
  if (outcome === 'skipped') logger.warn({ slot }, 'values are not recorded: those of an earlier slot still are');
  return slot;
}
