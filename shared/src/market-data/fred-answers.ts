// What FRED (Federal Reserve Bank of St. Louis) answers, as its documentation describes it in November 2026: only the fields we use.
import { z } from 'zod';

/** `value`: percent per year as text, "." on days without one. */
export const fredObservations = z.object({
  observations: z.array(
    z.object({ date: z.iso.date(), value: z.string().regex(/^(\.|-?\d+(\.\d+)?)$/, 'is neither a number nor "."') }),
  ),
});
