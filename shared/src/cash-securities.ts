// What counts as cash: worth its quantity times its entry price, and never asked of a market data provider.

/** Money-market funds that brokers sweep cash into, at a stable value of 1 dollar. Funds whose price floats (SGOV, BIL) are not cash. */
export const MONEY_MARKET_TICKERS: ReadonlySet<string> = new Set([
  // Fidelity
  'FCASH',
  'FDLXX',
  'FDRXX',
  'FRGXX',
  'FTEXX',
  'FZCXX',
  'FZDXX',
  'FZFXX',
  'SPAXX',
  'SPRXX',
  // Schwab
  'SNAXX',
  'SNOXX',
  'SNSXX',
  'SNVXX',
  'SUTXX',
  'SWVXX',
  // Vanguard
  'VCTXX',
  'VMFXX',
  'VMMXX',
  'VMRXX',
  'VMSXX',
  'VUSXX',
  'VYFXX',
  // Others
  'DGCXX',
  'GOFXX',
  'OGVXX',
  'TFDXX',
  'TTTXX',
]);

const CASH_SUBTYPES: ReadonlySet<string> = new Set(['CASH', 'MONEY_MARKET', 'TREASURY_BILLS']);

/** Whether a position, its symbol in the stored spelling (upper-case), is cash. */
export function isCashLike({
  symbol,
  investmentSubtype,
}: Readonly<{ symbol: string; investmentSubtype: string | null }>): boolean {
  if (investmentSubtype !== null && CASH_SUBTYPES.has(investmentSubtype)) return true;
  return symbol.startsWith('CASH_') || MONEY_MARKET_TICKERS.has(symbol);
}
