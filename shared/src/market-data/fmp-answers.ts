// What Financial Modeling Prep's "stable" API answers, as its documentation describes it in November 2026: only the fields we use.
import { z } from 'zod';

const isoDate = z.iso.date();
const text = z.string().nullish();
const number = z.number().nullish();

/** As traded, in spite of the names: "adj" is left from the endpoint's adjusted sister. Newest first. */
export const fmpPrices = z.array(
  z.object({ date: isoDate, adjOpen: number, adjHigh: number, adjLow: number, adjClose: z.number(), volume: number }),
);

/** `numerator` new shares for `denominator` old ones. */
export const fmpSplits = z.array(z.object({ date: isoDate, numerator: z.number(), denominator: z.number() }));

/** `date` is the ex-date; `dividend` is per share as declared, beside an adjDividend in today's shares. Announced ones are listed too. */
export const fmpDividends = z.array(z.object({ date: isoDate, dividend: z.number().nullable(), paymentDate: text }));

export const fmpProfiles = z.array(
  z.object({
    symbol: z.string(),
    companyName: text,
    sector: text,
    industry: text,
    exchange: text,
    country: text,
    currency: text,
    marketCap: number,
    beta: number,
    isEtf: z.boolean().nullish(),
    isFund: z.boolean().nullish(),
  }),
);

/** `timestamp`: seconds, until 2096. */
export const fmpQuotes = z.array(
  z.object({ symbol: z.string(), price: number, previousClose: number, timestamp: z.number().min(0).max(4e9).nullish() }),
);

export const fmpMatches = z.array(z.object({ symbol: z.string(), name: text, exchange: text }));

export type FmpPrice = z.output<typeof fmpPrices>[number];
export type FmpProfile = z.output<typeof fmpProfiles>[number];
export type FmpQuote = z.output<typeof fmpQuotes>[number];
export type FmpMatch = z.output<typeof fmpMatches>[number];
