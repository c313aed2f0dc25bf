// What a portfolio's figures are computed from, beside prices: what the user stated, lots and flows, as stored. Types only.

export type LedgerLot = Readonly<{
  positionId: string;
  symbol: string;
  investmentClass: 'PUBLIC' | 'OPTIONS' | 'PRIVATE';
  investmentSubtype: string | null;
  /** Decimal text; negative for a short. */
  quantity: string;
  entryPrice: string;
  entryDate: string;
  exitPrice: string | null;
  exitDate: string | null;
  underlyingSymbol: string | null;
  strikePrice: string | null;
  expirationDate: string | null;
  optionType: 'CALL' | 'PUT' | null;
}>;

/** Signed: a withdrawal is negative. */
export type LedgerFlow = Readonly<{ date: string; amount: string }>;

export type LedgerEntries = Readonly<{
  /** Decimal text: the equity at the close of the session `equityAsOf`, which is the anchor of the chain. */
  equityBalance: string;
  equityAsOf: string;
  lots: readonly LedgerLot[];
  flows: readonly LedgerFlow[];
}>;
