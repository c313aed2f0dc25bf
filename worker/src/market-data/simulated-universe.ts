// The simulated market's securities: a table. Names and prices are roughly those of the end of 2024; how they move is invented.

import { streamKey, uniformAt } from './counter-random.js';

/** Common sources of return, each with its annual volatility. Sector factors bear the sector's name. */
export const FACTOR_VOLATILITIES = {
  market: 0.155,
  value: 0.08,
  size: 0.09,
  momentum: 0.09,
  quality: 0.04,
  low_volatility: 0.055,
  rates: 0.14,
  credit: 0.035,
  international: 0.085,
  'Information Technology': 0.09,
  'Communication Services': 0.085,
  'Consumer Discretionary': 0.075,
  'Consumer Staples': 0.075,
  'Health Care': 0.085,
  Financials: 0.085,
  Industrials: 0.065,
  Energy: 0.19,
  Materials: 0.085,
  Utilities: 0.11,
  'Real Estate': 0.085,
} as const;

export type SimulatedFactor = keyof typeof FACTOR_VOLATILITIES;

/** `value` is value minus growth, `size` small minus large, `rates` a long Treasury bond. */
export type Loadings = Readonly<Partial<Record<SimulatedFactor, number>>>;

/** A fund has one price a day and no volume. */
export type SimulatedKind = 'stock' | 'etf' | 'fund';

export type SimulatedSecurity = Readonly<{
  symbol: string;
  name: string | null;
  kind: SimulatedKind;
  sector: string | null;
  industry: string | null;
  /** At the close of the reference session. */
  referencePrice: number;
  /** Annual, as a fraction of the price; paid in quarters. */
  dividendYield: number;
  /** Annual volatility of the return no factor explains. */
  ownVolatility: number;
  loadings: Loadings;
}>;

export type SimulatedSector = (typeof SIMULATED_SECTORS)[number];

export const SIMULATED_SECTORS = [
  'Information Technology',
  'Communication Services',
  'Consumer Discretionary',
  'Consumer Staples',
  'Health Care',
  'Financials',
  'Industrials',
  'Energy',
  'Materials',
  'Utilities',
  'Real Estate',
] as const satisfies readonly SimulatedFactor[];

type Row = readonly [
  symbol: string,
  name: string,
  kind: SimulatedKind,
  sector: SimulatedSector | null,
  industry: string | null,
  price: number,
  dividendYieldPercent: number,
  ownVolatilityPercent: number,
  /** Besides a stock's own sector, which it loads with 1. */
  loadings: Loadings,
];

// prettier-ignore
const ROWS: readonly Row[] = [
  ['AAPL', 'Apple', 'stock', 'Information Technology', 'Consumer Electronics', 250.42, 0.4, 17, { market: 1.15, value: -0.3, quality: 0.8 }],
  ['MSFT', 'Microsoft', 'stock', 'Information Technology', 'Software', 421.5, 0.75, 14, { market: 1.05, value: -0.3, quality: 0.8 }],
  ['NVDA', 'NVIDIA', 'stock', 'Information Technology', 'Semiconductors', 134.29, 0.03, 32, { market: 1.7, value: -0.7, momentum: 1.2 }],
  ['AVGO', 'Broadcom', 'stock', 'Information Technology', 'Semiconductors', 231.84, 1, 28, { market: 1.4, value: -0.3, momentum: 0.7 }],
  ['AMD', 'Advanced Micro Devices', 'stock', 'Information Technology', 'Semiconductors', 120.79, 0, 34, { market: 1.6, value: -0.6 }],
  ['INTC', 'Intel', 'stock', 'Information Technology', 'Semiconductors', 20.05, 0, 34, { market: 1.2, value: 0.5, momentum: -0.8 }],
  ['QCOM', 'Qualcomm', 'stock', 'Information Technology', 'Semiconductors', 153.62, 2.2, 25, { market: 1.25 }],
  ['TXN', 'Texas Instruments', 'stock', 'Information Technology', 'Semiconductors', 187.51, 2.9, 18, { market: 1.1, quality: 0.5 }],
  ['CSCO', 'Cisco Systems', 'stock', 'Information Technology', 'Communications Equipment', 59.2, 2.7, 16, { market: 0.9, value: 0.2, quality: 0.4 }],
  ['ORCL', 'Oracle', 'stock', 'Information Technology', 'Software', 166.64, 1, 24, { market: 1.1, momentum: 0.4 }],
  ['CRM', 'Salesforce', 'stock', 'Information Technology', 'Software', 334.33, 0.5, 25, { market: 1.2, value: -0.4 }],
  ['ADBE', 'Adobe', 'stock', 'Information Technology', 'Software', 444.68, 0, 26, { market: 1.2, value: -0.4, quality: 0.4 }],
  ['NOW', 'ServiceNow', 'stock', 'Information Technology', 'Software', 1060.12, 0, 27, { market: 1.25, value: -0.6, momentum: 0.4 }],
  ['IBM', 'International Business Machines', 'stock', 'Information Technology', 'IT Services', 219.83, 3, 16, { market: 0.75, value: 0.3, low_volatility: 0.3 }],
  ['ACN', 'Accenture', 'stock', 'Information Technology', 'IT Services', 351.79, 1.6, 18, { market: 1.1, quality: 0.4 }],
  ['SNOW', 'Snowflake', 'stock', 'Information Technology', 'Software', 154.41, 0, 44, { market: 1.4, value: -0.9, size: 0.4 }],
  ['PLTR', 'Palantir Technologies', 'stock', 'Information Technology', 'Software', 75.63, 0, 50, { market: 1.6, value: -1.0, momentum: 1.2 }],
  ['CRWD', 'CrowdStrike', 'stock', 'Information Technology', 'Software', 342.16, 0, 38, { market: 1.3, value: -0.8, momentum: 0.5 }],
  ['SHOP', 'Shopify', 'stock', 'Information Technology', 'Software', 106.33, 0, 42, { market: 1.6, value: -0.9 }],
  ['GOOGL', 'Alphabet Class A', 'stock', 'Communication Services', 'Interactive Media', 189.3, 0.42, 20, { market: 1.1, value: -0.3, quality: 0.5 }],
  ['GOOG', 'Alphabet Class C', 'stock', 'Communication Services', 'Interactive Media', 190.44, 0.42, 20, { market: 1.1, value: -0.3, quality: 0.5 }],
  ['META', 'Meta Platforms', 'stock', 'Communication Services', 'Interactive Media', 585.51, 0.34, 26, { market: 1.25, value: -0.4, momentum: 0.5 }],
  ['NFLX', 'Netflix', 'stock', 'Communication Services', 'Entertainment', 891.32, 0, 29, { market: 1.15, value: -0.5, momentum: 0.6 }],
  ['DIS', 'Walt Disney', 'stock', 'Communication Services', 'Entertainment', 111.35, 0.9, 21, { market: 1.05 }],
  ['CMCSA', 'Comcast', 'stock', 'Communication Services', 'Media', 37.53, 3.3, 18, { market: 0.9, value: 0.5 }],
  ['T', 'AT&T', 'stock', 'Communication Services', 'Telecommunications', 22.77, 4.9, 18, { market: 0.6, value: 0.6, low_volatility: 0.4 }],
  ['VZ', 'Verizon Communications', 'stock', 'Communication Services', 'Telecommunications', 39.99, 6.7, 16, { market: 0.5, value: 0.6, low_volatility: 0.5 }],
  ['TMUS', 'T-Mobile US', 'stock', 'Communication Services', 'Telecommunications', 220.73, 1.6, 17, { market: 0.65, low_volatility: 0.2 }],
  ['ROKU', 'Roku', 'stock', 'Communication Services', 'Entertainment', 74.34, 0, 48, { market: 1.7, size: 0.8, value: -0.7 }],
  ['AMC', 'AMC Entertainment', 'stock', 'Communication Services', 'Entertainment', 3.98, 0, 70, { market: 1.5, size: 1.2 }],
  ['AMZN', 'Amazon.com', 'stock', 'Consumer Discretionary', 'Broadline Retail', 219.39, 0, 22, { market: 1.25, value: -0.5 }],
  ['TSLA', 'Tesla', 'stock', 'Consumer Discretionary', 'Automobiles', 403.84, 0, 46, { market: 1.8, value: -0.7 }],
  ['HD', 'Home Depot', 'stock', 'Consumer Discretionary', 'Home Improvement Retail', 388.99, 2.3, 15, { market: 1.0, quality: 0.4 }],
  ['LOW', "Lowe's", 'stock', 'Consumer Discretionary', 'Home Improvement Retail', 246.8, 1.9, 17, { market: 1.05, quality: 0.3 }],
  ['MCD', "McDonald's", 'stock', 'Consumer Discretionary', 'Restaurants', 289.89, 2.4, 13, { market: 0.65, low_volatility: 0.5 }],
  ['SBUX', 'Starbucks', 'stock', 'Consumer Discretionary', 'Restaurants', 91.25, 2.6, 22, { market: 0.95 }],
  ['NKE', 'Nike', 'stock', 'Consumer Discretionary', 'Apparel', 75.67, 2.1, 24, { market: 1.05, momentum: -0.5 }],
  ['BKNG', 'Booking Holdings', 'stock', 'Consumer Discretionary', 'Travel Services', 4968.42, 0.7, 21, { market: 1.2, quality: 0.3 }],
  ['ABNB', 'Airbnb', 'stock', 'Consumer Discretionary', 'Travel Services', 131.41, 0, 31, { market: 1.3, value: -0.5 }],
  ['F', 'Ford Motor', 'stock', 'Consumer Discretionary', 'Automobiles', 9.9, 6.1, 27, { market: 1.35, value: 0.9 }],
  ['GM', 'General Motors', 'stock', 'Consumer Discretionary', 'Automobiles', 53.27, 0.9, 26, { market: 1.3, value: 0.9 }],
  ['GME', 'GameStop', 'stock', 'Consumer Discretionary', 'Specialty Retail', 31.34, 0, 75, { market: 1.3, size: 1.0 }],
  ['RIVN', 'Rivian Automotive', 'stock', 'Consumer Discretionary', 'Automobiles', 13.3, 0, 58, { market: 1.8, value: -0.6, size: 0.6 }],
  ['KO', 'Coca-Cola', 'stock', 'Consumer Staples', 'Beverages', 62.26, 3.1, 10, { market: 0.5, low_volatility: 0.7, quality: 0.3 }],
  ['PEP', 'PepsiCo', 'stock', 'Consumer Staples', 'Beverages', 152.06, 3.6, 12, { market: 0.5, low_volatility: 0.6 }],
  ['PG', 'Procter & Gamble', 'stock', 'Consumer Staples', 'Household Products', 167.65, 2.4, 11, { market: 0.5, low_volatility: 0.7, quality: 0.3 }],
  ['COST', 'Costco Wholesale', 'stock', 'Consumer Staples', 'Consumer Staples Retail', 916.27, 0.5, 16, { market: 0.85, quality: 0.4, momentum: 0.3 }],
  ['WMT', 'Walmart', 'stock', 'Consumer Staples', 'Consumer Staples Retail', 90.35, 0.9, 15, { market: 0.6, low_volatility: 0.4 }],
  ['MO', 'Altria', 'stock', 'Consumer Staples', 'Tobacco', 52.29, 7.7, 15, { market: 0.5, value: 0.6, low_volatility: 0.4 }],
  ['PM', 'Philip Morris International', 'stock', 'Consumer Staples', 'Tobacco', 120.35, 4.5, 16, { market: 0.55, low_volatility: 0.4 }],
  ['TGT', 'Target', 'stock', 'Consumer Staples', 'Consumer Staples Retail', 135.18, 3.3, 26, { market: 1.0, value: 0.4 }],
  ['LLY', 'Eli Lilly', 'stock', 'Health Care', 'Pharmaceuticals', 772, 0.7, 27, { market: 0.7, value: -0.4, momentum: 0.6 }],
  ['UNH', 'UnitedHealth Group', 'stock', 'Health Care', 'Managed Health Care', 505.86, 1.6, 21, { market: 0.6, low_volatility: 0.2 }],
  ['JNJ', 'Johnson & Johnson', 'stock', 'Health Care', 'Pharmaceuticals', 144.62, 3.4, 11, { market: 0.5, value: 0.3, low_volatility: 0.6 }],
  ['ABBV', 'AbbVie', 'stock', 'Health Care', 'Biotechnology', 177.7, 3.6, 18, { market: 0.55, low_volatility: 0.3 }],
  ['MRK', 'Merck', 'stock', 'Health Care', 'Pharmaceuticals', 99.48, 3.2, 17, { market: 0.45, value: 0.2, low_volatility: 0.4 }],
  ['PFE', 'Pfizer', 'stock', 'Health Care', 'Pharmaceuticals', 26.53, 6.4, 20, { market: 0.6, value: 0.6, momentum: -0.6 }],
  ['TMO', 'Thermo Fisher Scientific', 'stock', 'Health Care', 'Life Sciences Tools', 520.23, 0.3, 19, { market: 0.95, quality: 0.3 }],
  ['ABT', 'Abbott Laboratories', 'stock', 'Health Care', 'Health Care Equipment', 113.11, 2, 15, { market: 0.75, quality: 0.3 }],
  ['AMGN', 'Amgen', 'stock', 'Health Care', 'Biotechnology', 260.64, 3.6, 18, { market: 0.55, low_volatility: 0.3 }],
  ['GILD', 'Gilead Sciences', 'stock', 'Health Care', 'Biotechnology', 92.37, 3.4, 19, { market: 0.5, value: 0.4 }],
  ['BMY', 'Bristol-Myers Squibb', 'stock', 'Health Care', 'Pharmaceuticals', 56.56, 4.4, 19, { market: 0.5, value: 0.6 }],
  ['CVS', 'CVS Health', 'stock', 'Health Care', 'Health Care Services', 44.89, 5.9, 26, { market: 0.65, value: 0.8 }],
  ['MRNA', 'Moderna', 'stock', 'Health Care', 'Biotechnology', 41.58, 0, 55, { market: 1.2, size: 0.6, momentum: -0.8 }],
  ['BRK-B', 'Berkshire Hathaway Class B', 'stock', 'Financials', 'Diversified Financials', 453.28, 0, 10, { market: 0.8, value: 0.4, quality: 0.3 }],
  ['JPM', 'JPMorgan Chase', 'stock', 'Financials', 'Banks', 239.71, 2.1, 14, { market: 1.05, value: 0.5, rates: -0.1 }],
  ['BAC', 'Bank of America', 'stock', 'Financials', 'Banks', 43.95, 2.4, 16, { market: 1.15, value: 0.7, rates: -0.15 }],
  ['WFC', 'Wells Fargo', 'stock', 'Financials', 'Banks', 70.24, 2.3, 18, { market: 1.1, value: 0.7, rates: -0.15 }],
  ['C', 'Citigroup', 'stock', 'Financials', 'Banks', 70.39, 3.1, 18, { market: 1.25, value: 0.8 }],
  ['GS', 'Goldman Sachs', 'stock', 'Financials', 'Capital Markets', 572.62, 2.1, 17, { market: 1.25, value: 0.4 }],
  ['MS', 'Morgan Stanley', 'stock', 'Financials', 'Capital Markets', 125.72, 2.9, 17, { market: 1.25, value: 0.4 }],
  ['SCHW', 'Charles Schwab', 'stock', 'Financials', 'Capital Markets', 74.01, 1.4, 22, { market: 1.1, rates: -0.2 }],
  ['BLK', 'BlackRock', 'stock', 'Financials', 'Capital Markets', 1025.11, 2, 15, { market: 1.2 }],
  ['V', 'Visa', 'stock', 'Financials', 'Payments', 316.04, 0.7, 12, { market: 0.9, quality: 0.6 }],
  ['MA', 'Mastercard', 'stock', 'Financials', 'Payments', 526.57, 0.6, 13, { market: 0.95, quality: 0.6 }],
  ['AXP', 'American Express', 'stock', 'Financials', 'Consumer Finance', 296.79, 0.9, 17, { market: 1.2, quality: 0.2 }],
  ['PYPL', 'PayPal', 'stock', 'Financials', 'Payments', 85.35, 0, 31, { market: 1.3, value: -0.2, momentum: -0.5 }],
  ['SPGI', 'S&P Global', 'stock', 'Financials', 'Financial Data', 498.03, 0.7, 14, { market: 1.0, quality: 0.4 }],
  ['COIN', 'Coinbase', 'stock', 'Financials', 'Capital Markets', 248.3, 0, 68, { market: 2.2, size: 0.7, momentum: 0.6 }],
  ['CAT', 'Caterpillar', 'stock', 'Industrials', 'Machinery', 362.76, 1.5, 20, { market: 1.1, value: 0.4 }],
  ['DE', 'Deere', 'stock', 'Industrials', 'Machinery', 423.7, 1.5, 20, { market: 1.0, value: 0.4 }],
  ['GE', 'GE Aerospace', 'stock', 'Industrials', 'Aerospace & Defense', 166.79, 0.7, 22, { market: 1.15, momentum: 0.5 }],
  ['HON', 'Honeywell', 'stock', 'Industrials', 'Industrial Conglomerates', 225.89, 2, 13, { market: 0.9, quality: 0.3 }],
  ['BA', 'Boeing', 'stock', 'Industrials', 'Aerospace & Defense', 177, 0, 31, { market: 1.25, momentum: -0.5 }],
  ['LMT', 'Lockheed Martin', 'stock', 'Industrials', 'Aerospace & Defense', 485.94, 2.7, 17, { market: 0.45, low_volatility: 0.5 }],
  ['RTX', 'RTX', 'stock', 'Industrials', 'Aerospace & Defense', 115.72, 2.2, 17, { market: 0.7, value: 0.2 }],
  ['UNP', 'Union Pacific', 'stock', 'Industrials', 'Rail Transportation', 228.04, 2.3, 15, { market: 0.9, quality: 0.2 }],
  ['UPS', 'United Parcel Service', 'stock', 'Industrials', 'Air Freight', 126.1, 5.2, 21, { market: 0.95, value: 0.4, momentum: -0.5 }],
  ['UBER', 'Uber Technologies', 'stock', 'Industrials', 'Passenger Transportation', 60.32, 0, 33, { market: 1.4, value: -0.5 }],
  ['XOM', 'Exxon Mobil', 'stock', 'Energy', 'Integrated Oil & Gas', 107.57, 3.6, 10, { market: 0.7, value: 0.6 }],
  ['CVX', 'Chevron', 'stock', 'Energy', 'Integrated Oil & Gas', 144.84, 4.5, 10, { market: 0.75, value: 0.6 }],
  ['COP', 'ConocoPhillips', 'stock', 'Energy', 'Exploration & Production', 99.17, 3.1, 14, { market: 0.8, value: 0.5 }],
  ['SLB', 'Schlumberger', 'stock', 'Energy', 'Oilfield Services', 38.34, 2.9, 20, { market: 0.95, value: 0.4 }],
  ['LIN', 'Linde', 'stock', 'Materials', 'Industrial Gases', 418.67, 1.3, 13, { market: 0.85, quality: 0.4 }],
  ['FCX', 'Freeport-McMoRan', 'stock', 'Materials', 'Copper', 38.08, 1.6, 28, { market: 1.5, value: 0.5 }],
  ['NEM', 'Newmont', 'stock', 'Materials', 'Gold', 37.22, 2.7, 32, { market: 0.4, rates: 0.4 }],
  ['NEE', 'NextEra Energy', 'stock', 'Utilities', 'Electric Utilities', 71.69, 2.9, 16, { market: 0.55, rates: 0.4, low_volatility: 0.3 }],
  ['DUK', 'Duke Energy', 'stock', 'Utilities', 'Electric Utilities', 107.74, 3.9, 9, { market: 0.4, rates: 0.3, low_volatility: 0.6 }],
  ['SO', 'Southern Company', 'stock', 'Utilities', 'Electric Utilities', 82.32, 3.5, 9, { market: 0.4, rates: 0.3, low_volatility: 0.6 }],
  ['PLD', 'Prologis', 'stock', 'Real Estate', 'Industrial REITs', 105.7, 3.6, 16, { market: 1.0, rates: 0.4 }],
  ['AMT', 'American Tower', 'stock', 'Real Estate', 'Telecom Tower REITs', 183.41, 3.5, 16, { market: 0.65, rates: 0.5 }],
  ['O', 'Realty Income', 'stock', 'Real Estate', 'Retail REITs', 53.41, 5.9, 11, { market: 0.6, rates: 0.4, low_volatility: 0.3 }],
  ['SPY', 'SPDR S&P 500 ETF Trust', 'etf', null, null, 586.08, 1.2, 0.3, { market: 1 }],
  ['IVV', 'iShares Core S&P 500 ETF', 'etf', null, null, 588.68, 1.3, 0.3, { market: 1 }],
  ['VOO', 'Vanguard S&P 500 ETF', 'etf', null, null, 538.81, 1.25, 0.3, { market: 1 }],
  ['VTI', 'Vanguard Total Stock Market ETF', 'etf', null, null, 289.81, 1.25, 0.5, { market: 1.01, size: 0.08 }],
  ['QQQ', 'Invesco QQQ Trust', 'etf', null, null, 511.23, 0.6, 1.2, { market: 1.1, value: -0.55, 'Information Technology': 0.45, 'Communication Services': 0.15, 'Consumer Discretionary': 0.15 }],
  ['DIA', 'SPDR Dow Jones Industrial Average ETF', 'etf', null, null, 425.5, 1.6, 1.5, { market: 0.92, value: 0.25, quality: 0.2 }],
  ['IWM', 'iShares Russell 2000 ETF', 'etf', null, null, 220.96, 1.15, 1, { market: 1.1, size: 1 }],
  ['IJR', 'iShares Core S&P Small-Cap ETF', 'etf', null, null, 115.22, 2, 1.5, { market: 1.1, size: 1, value: 0.3 }],
  ['MDY', 'SPDR S&P MidCap 400 ETF', 'etf', null, null, 569.62, 1.2, 1.2, { market: 1.08, size: 0.55 }],
  ['VTV', 'Vanguard Value ETF', 'etf', null, null, 169.3, 2.3, 0.8, { market: 0.92, value: 0.55 }],
  ['VUG', 'Vanguard Growth ETF', 'etf', null, null, 410.44, 0.5, 0.8, { market: 1.08, value: -0.6 }],
  ['IWD', 'iShares Russell 1000 Value ETF', 'etf', null, null, 185.13, 1.9, 0.8, { market: 0.94, value: 0.55 }],
  ['IWF', 'iShares Russell 1000 Growth ETF', 'etf', null, null, 401.58, 0.5, 0.8, { market: 1.07, value: -0.58 }],
  ['MTUM', 'iShares MSCI USA Momentum Factor ETF', 'etf', null, null, 206.92, 0.9, 1, { market: 1.02, momentum: 0.95 }],
  ['QUAL', 'iShares MSCI USA Quality Factor ETF', 'etf', null, null, 178.08, 1, 0.8, { market: 1.0, quality: 0.95 }],
  ['USMV', 'iShares MSCI USA Min Vol Factor ETF', 'etf', null, null, 88.79, 1.7, 0.8, { market: 0.72, low_volatility: 0.9 }],
  ['SCHD', 'Schwab US Dividend Equity ETF', 'etf', null, null, 27.32, 3.6, 2, { market: 0.8, value: 0.6, low_volatility: 0.3 }],
  ['ARKK', 'ARK Innovation ETF', 'etf', null, null, 56.77, 0, 16, { market: 1.6, value: -1.2, size: 0.6, 'Information Technology': 0.4 }],
  ['EFA', 'iShares MSCI EAFE ETF', 'etf', null, null, 75.61, 3.2, 1.5, { market: 0.75, international: 1 }],
  ['VEA', 'Vanguard FTSE Developed Markets ETF', 'etf', null, null, 47.82, 3.3, 1.5, { market: 0.76, international: 1 }],
  ['EEM', 'iShares MSCI Emerging Markets ETF', 'etf', null, null, 41.82, 2.4, 8, { market: 0.75, international: 1.2 }],
  ['VWO', 'Vanguard FTSE Emerging Markets ETF', 'etf', null, null, 44.04, 3.1, 8, { market: 0.72, international: 1.2 }],
  ['TLT', 'iShares 20+ Year Treasury Bond ETF', 'etf', null, null, 87.33, 4.3, 0.5, { rates: 1 }],
  ['IEF', 'iShares 7-10 Year Treasury Bond ETF', 'etf', null, null, 92.45, 3.6, 0.6, { rates: 0.47 }],
  ['SHY', 'iShares 1-3 Year Treasury Bond ETF', 'etf', null, null, 81.98, 3.9, 0.6, { rates: 0.11 }],
  ['AGG', 'iShares Core US Aggregate Bond ETF', 'etf', null, null, 96.9, 3.8, 0.5, { rates: 0.38, credit: 0.15, market: 0.02 }],
  ['BND', 'Vanguard Total Bond Market ETF', 'etf', null, null, 71.91, 3.7, 0.5, { rates: 0.38, credit: 0.15, market: 0.02 }],
  ['LQD', 'iShares iBoxx Investment Grade Corporate Bond ETF', 'etf', null, null, 106.84, 4.4, 0.8, { rates: 0.5, credit: 0.8, market: 0.05 }],
  ['HYG', 'iShares iBoxx High Yield Corporate Bond ETF', 'etf', null, null, 78.65, 6, 1, { rates: 0.12, credit: 1.2, market: 0.28 }],
  ['TIP', 'iShares TIPS Bond ETF', 'etf', null, null, 106.55, 2.6, 2, { rates: 0.36 }],
  ['GLD', 'SPDR Gold Shares', 'etf', null, null, 242.13, 0, 13, { rates: 0.2, international: 0.3 }],
  ['SLV', 'iShares Silver Trust', 'etf', null, null, 26.33, 0, 25, { market: 0.2, rates: 0.15, international: 0.6 }],
  ['USO', 'United States Oil Fund', 'etf', null, null, 75.55, 0, 26, { market: 0.3, 'Energy': 0.9 }],
  ['VNQ', 'Vanguard Real Estate ETF', 'etf', 'Real Estate', null, 89.08, 3.9, 1.5, { market: 0.9, rates: 0.35, 'Real Estate': 1 }],
  ['XLK', 'Technology Select Sector SPDR Fund', 'etf', 'Information Technology', null, 232.52, 0.7, 1, { market: 1.18, value: -0.3, 'Information Technology': 1 }],
  ['XLC', 'Communication Services Select Sector SPDR Fund', 'etf', 'Communication Services', null, 96.81, 1, 1, { market: 1.02, value: -0.2, 'Communication Services': 1 }],
  ['XLY', 'Consumer Discretionary Select Sector SPDR Fund', 'etf', 'Consumer Discretionary', null, 224.35, 0.8, 1, { market: 1.15, value: -0.2, 'Consumer Discretionary': 1 }],
  ['XLP', 'Consumer Staples Select Sector SPDR Fund', 'etf', 'Consumer Staples', null, 78.61, 2.7, 0.8, { market: 0.58, low_volatility: 0.5, 'Consumer Staples': 1 }],
  ['XLV', 'Health Care Select Sector SPDR Fund', 'etf', 'Health Care', null, 137.57, 1.6, 0.8, { market: 0.68, low_volatility: 0.3, 'Health Care': 1 }],
  ['XLF', 'Financial Select Sector SPDR Fund', 'etf', 'Financials', null, 48.33, 1.4, 0.8, { market: 1.02, value: 0.45, 'Financials': 1 }],
  ['XLI', 'Industrial Select Sector SPDR Fund', 'etf', 'Industrials', null, 131.76, 1.4, 0.8, { market: 1.02, value: 0.25, 'Industrials': 1 }],
  ['XLE', 'Energy Select Sector SPDR Fund', 'etf', 'Energy', null, 85.66, 3.3, 1, { market: 0.8, value: 0.5, 'Energy': 1 }],
  ['XLB', 'Materials Select Sector SPDR Fund', 'etf', 'Materials', null, 84.14, 1.9, 0.8, { market: 1.0, value: 0.2, 'Materials': 1 }],
  ['XLU', 'Utilities Select Sector SPDR Fund', 'etf', 'Utilities', null, 75.69, 2.9, 0.8, { market: 0.5, rates: 0.35, low_volatility: 0.4, 'Utilities': 1 }],
  ['XLRE', 'Real Estate Select Sector SPDR Fund', 'etf', 'Real Estate', null, 40.67, 3.4, 0.8, { market: 0.85, rates: 0.4, 'Real Estate': 1 }],
  ['SMH', 'VanEck Semiconductor ETF', 'etf', 'Information Technology', null, 242.17, 0.4, 8, { market: 1.5, value: -0.3, momentum: 0.4, 'Information Technology': 1.3 }],
  ['VFIAX', 'Vanguard 500 Index Fund Admiral Shares', 'fund', null, null, 542.68, 1.25, 0.2, { market: 1 }],
  ['FXAIX', 'Fidelity 500 Index Fund', 'fund', null, null, 204.46, 1.25, 0.2, { market: 1 }],
  ['VTSAX', 'Vanguard Total Stock Market Index Fund Admiral Shares', 'fund', null, null, 140.8, 1.25, 0.4, { market: 1.01, size: 0.08 }],
  ['FCNTX', 'Fidelity Contrafund', 'fund', null, null, 20.91, 0.4, 3, { market: 1.05, value: -0.45, momentum: 0.4 }],
  ['AGTHX', 'American Funds Growth Fund of America', 'fund', null, null, 74.55, 0.4, 3, { market: 1.08, value: -0.4 }],
  ['DODGX', 'Dodge & Cox Stock Fund', 'fund', null, null, 257.07, 1.5, 3, { market: 0.95, value: 0.6 }],
  ['VWELX', 'Vanguard Wellington Fund', 'fund', null, null, 41.02, 2.3, 1.5, { market: 0.65, rates: 0.15, value: 0.1 }],
  ['VBTLX', 'Vanguard Total Bond Market Index Fund Admiral Shares', 'fund', null, null, 9.46, 3.7, 0.4, { rates: 0.38, credit: 0.15, market: 0.02 }],
  ['VTIAX', 'Vanguard Total International Stock Index Fund Admiral Shares', 'fund', null, null, 31.6, 3, 2, { market: 0.75, international: 1.05 }],
  ['FBGRX', 'Fidelity Blue Chip Growth Fund', 'fund', null, null, 219.32, 0.2, 4, { market: 1.2, value: -0.65, momentum: 0.3 }],
];

/** A stock for a symbol the table doesn't know: everything follows from its name. Its name isn't known, and its sector is as invented as its prices. */
export function inventedSecurity(symbol: string): SimulatedSecurity {
  const key = streamKey(0, symbol);
  const between = (counter: number, low: number, high: number) => low + (high - low) * uniformAt(key, counter);
  const sector = SIMULATED_SECTORS[Math.floor(between(0, 0, SIMULATED_SECTORS.length))] ?? 'Industrials';
  const pays = between(1, 0, 1) < 0.6;
  return {
    symbol,
    name: null,
    kind: 'stock',
    sector,
    industry: null,
    referencePrice: Math.round(100 * 12 * 25 ** between(2, 0, 1)) / 100,
    dividendYield: pays ? between(3, 0.005, 0.035) : 0,
    ownVolatility: between(4, 0.15, 0.34),
    loadings: {
      market: between(5, 0.7, 1.4),
      value: between(6, -0.6, 0.6),
      size: between(7, 0, 0.8),
      momentum: between(8, -0.4, 0.4),
      [sector]: 1,
    },
  };
}

/** By symbol, in the spelling BRK-B. */
export const SIMULATED_UNIVERSE: ReadonlyMap<string, SimulatedSecurity> = new Map(
  ROWS.map(([symbol, name, kind, sector, industry, referencePrice, dividendYieldPercent, ownVolatilityPercent, loadings]) => [
    symbol,
    {
      symbol,
      name,
      kind,
      sector,
      industry,
      referencePrice,
      dividendYield: dividendYieldPercent / 100,
      ownVolatility: ownVolatilityPercent / 100,
      loadings: kind === 'stock' && sector !== null ? { ...loadings, [sector]: 1 } : loadings,
    },
  ]),
);
