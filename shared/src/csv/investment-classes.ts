// The investment classes of a position and the subtypes each of them knows.

export const SUBTYPES_BY_CLASS = {
  PUBLIC: ['STOCK', 'ETF', 'MUTUAL_FUND', 'BOND', 'CASH'],
  OPTIONS: ['CALL', 'PUT'],
  PRIVATE: [
    'PRIVATE_EQUITY',
    'VENTURE_CAPITAL',
    'HEDGE_FUND',
    'PRIVATE_REIT',
    'REAL_ESTATE',
    'CRYPTOCURRENCY',
    'CRYPTO',
    'ART',
    'MONEY_MARKET',
    'TREASURY_BILLS',
    'CASH',
    'COMMODITY',
    'OTHER',
  ],
} as const;

export type InvestmentClass = keyof typeof SUBTYPES_BY_CLASS;
export type InvestmentSubtype = (typeof SUBTYPES_BY_CLASS)[InvestmentClass][number];

export const INVESTMENT_CLASSES = Object.keys(SUBTYPES_BY_CLASS) as readonly InvestmentClass[];

/** The classes that know `subtype` (upper-case), in table order; empty when none does. */
export function classesWithSubtype(subtype: string): readonly InvestmentClass[] {
  return INVESTMENT_CLASSES.filter((investmentClass) => subtypesOf(investmentClass).includes(subtype));
}

export function subtypesOf(investmentClass: InvestmentClass): readonly string[] {
  return SUBTYPES_BY_CLASS[investmentClass];
}
