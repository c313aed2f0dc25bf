// Held symbols that a figure leaves out.
import { z } from 'zod';
import { EXCLUSION_REASONS } from '../risk/joint-window.js';

export const excludedSymbols = z
  .array(z.object({ symbol: z.string(), reason: z.enum(EXCLUSION_REASONS), message: z.string() }))
  .describe('held symbols left out: their share is what coverage lacks, beside private holdings and those without a price');
