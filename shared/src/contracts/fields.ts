// Fields that several resources share.
import { z } from 'zod';

/** Any 128-bit id in its usual notation: one that no record has is answered as unknown, not as malformed. */
export const id = z.guid();
/** A calendar date, YYYY-MM-DD. */
export const date = z.iso.date();
/** A UTC instant, YYYY-MM-DDTHH:MM:SS.sssZ. */
export const instant = z.iso.datetime();
export const money = z.number();
/** 1 is the whole. */
export const fraction = z.number();

export const idParams = z.object({ id });

/** A flag in a query string. */
export const queryFlag = z.enum(['true', 'false']).default('false').describe('true or false');

/** A page size in a query string. */
export const pageLimit = (max: number, standard: number) => z.coerce.number().int().min(1).max(max).default(standard);
