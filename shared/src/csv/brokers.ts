// How the exports of brokers are recognised, and how their columns come into the template. To add a broker is one entry here.

export type Broker = Readonly<{ name: string; howTo: string }>;

/** `signatures`: column names of which all stand on one line of the export; one signature per layout, lower-case. */
type BrokerEntry = Broker & Readonly<{ signatures: readonly (readonly string[])[] }>;

const BROKERS: readonly BrokerEntry[] = [
  {
    name: 'Charles Schwab',
    signatures: [
      ['symbol', 'qty (quantity)', 'mkt val (market value)'],
      ['symbol', 'quantity', 'market value', 'cost basis', 'security type'],
    ],
    howTo:
      'Symbol goes to Symbol, Qty (Quantity) to Quantity, Cost Basis divided by Quantity (by Quantity × 100 for an option) to Entry Price ' +
      'Per Share; Entry Date is in the lot details. Leave out the Account Total row',
  },
  {
    name: 'Fidelity',
    signatures: [
      ['account number', 'symbol', 'last price change', 'average cost basis'],
      ['run date', 'action', 'symbol', 'settlement date'],
    ],
    howTo:
      'Symbol goes to Symbol (without ** and the hyphen before options), Quantity to Quantity, Average Cost Basis to Entry Price Per Share; ' +
      'Entry Date is under Purchase History. Leave out Pending activity',
  },
  {
    name: 'Vanguard',
    signatures: [
      ['account number', 'investment name', 'symbol', 'shares', 'share price'],
      ['account number', 'trade date', 'investment name', 'principal amount'],
    ],
    howTo:
      'Symbol goes to Symbol, Shares to Quantity; Entry Price Per Share and Entry Date are the Share Price and Trade Date of the purchase in ' +
      'the second table. Leave out the second table itself',
  },
  {
    name: 'E*TRADE',
    signatures: [['symbol', 'last price $', 'quantity', 'price paid $']],
    howTo:
      'Symbol goes to Symbol, Quantity to Quantity, Price Paid $ to Entry Price Per Share; Entry Date is in the lot view. Leave out the ' +
      'account summary and the TOTAL row',
  },
  {
    name: 'Robinhood',
    signatures: [['activity date', 'process date', 'instrument', 'trans code']],
    howTo:
      'this is a list of activity, not of positions: for each purchase still held, Instrument goes to Symbol, Quantity to Quantity, Price to ' +
      'Entry Price Per Share, Activity Date to Entry Date',
  },
  {
    name: 'Interactive Brokers',
    signatures: [
      ['statement', 'header', 'field name', 'field value'],
      ['open positions', 'header', 'symbol', 'quantity', 'cost price'],
      ['clientaccountid', 'symbol', 'assetclass'],
    ],
    howTo:
      'from the Open Positions section, Symbol goes to Symbol, Quantity to Quantity, Cost Price to Entry Price Per Share; Entry Date is the ' +
      'Date/Time of the trade. Leave out the other sections and the totals',
  },
];

/** Far enough for every preamble seen; a signature further down is not looked for. */
const CHARACTERS_SEARCHED = 64 * 1024;
const LINES_SEARCHED = 60;

/** The broker whose export `text` looks like, whatever preamble stands before its header; null when it looks like none. */
export function recogniseBroker(text: string): Broker | null {
  const lines = text.slice(0, CHARACTERS_SEARCHED).split(/\r\n|\n|\r/, LINES_SEARCHED);
  for (const line of lines) {
    const cells = cellsOf(line);
    const broker = BROKERS.find(({ signatures }) => signatures.some((names) => names.every((name) => cells.has(name))));
    if (broker !== undefined) return broker;
  }
  return null;
}

/** Names of a header line. Good enough to recognise by: header names of brokers hold no delimiters. */
function cellsOf(line: string): ReadonlySet<string> {
  return new Set(line.split(/[,;\t]/).map((cell) => cell.replaceAll('"', '').trim().toLowerCase()));
}
