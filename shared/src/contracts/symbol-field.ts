// Symbols in a request, read into their stored spelling.
import { z } from 'zod';
import { storedSymbol } from '../csv/stored-symbol.js';
import { normaliseSymbol } from '../csv/symbols.js';

/** Blanks around it are cut; upper and lower case, BRK/B and BRK.B are the same symbol. */
export const symbolField = (charactersMax: number) =>
  z
    .string()
    .trim()
    .min(1, 'must name a symbol')
    .max(charactersMax, `must have at most ${charactersMax} characters`)
    .refine((text) => storedSymbol(text) !== null, 'must have letters, digits and . _ - / only')
    .transform((text) => storedSymbol(text) ?? text);

/** Symbols separated by commas: each of them once, in the order given. `symbol`: what each of them must be. */
export const symbolList = (symbol: z.ZodType<string, string>, symbolsMax: number) =>
  z
    .string()
    .transform((list) => [...new Set(list.split(',').map((each) => normaliseSymbol(each.trim())))].filter((each) => each !== ''))
    .pipe(z.array(symbol).min(1, 'name at least one symbol').max(symbolsMax, `at most ${symbolsMax} at a time`));
