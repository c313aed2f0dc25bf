// A symbol in a request, read into its stored spelling.
import { z } from 'zod';
import { storedSymbol } from '../csv/stored-symbol.js';

/** Blanks around it are cut; upper and lower case, BRK/B and BRK.B are the same symbol. */
export const symbolField = (charactersMax: number) =>
  z
    .string()
    .trim()
    .min(1, 'must name a symbol')
    .max(charactersMax, `must have at most ${charactersMax} characters`)
    .refine((text) => storedSymbol(text) !== null, 'must have letters, digits and . _ - / only')
    .transform((text) => storedSymbol(text) ?? text);
