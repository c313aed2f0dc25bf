// The columns of lots and flows as the ledger's types have them, for every statement that reads either.

/** A LedgerLot of the table or alias `lot`. */
export const LOT_COLUMNS = `lot.id AS "positionId", lot.symbol, lot.investment_class AS "investmentClass",
  lot.investment_subtype AS "investmentSubtype", lot.quantity, lot.entry_price AS "entryPrice", lot.entry_date AS "entryDate",
  lot.exit_price AS "exitPrice", lot.exit_date AS "exitDate", lot.underlying_symbol AS "underlyingSymbol", lot.strike_price AS "strikePrice",
  lot.expiration_date AS "expirationDate", lot.option_type AS "optionType"`;

/** What an equity change adds to equity, below zero for a withdrawal. */
export const SIGNED_AMOUNT = `CASE change_type WHEN 'WITHDRAWAL' THEN -amount ELSE amount END`;

/** A LedgerFlow of equity_changes. */
export const FLOW_COLUMNS = `change_date AS date, ${SIGNED_AMOUNT} AS amount`;
