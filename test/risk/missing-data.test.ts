// What is shown where data are missing: each figure that cannot be had is null or absent with the reason, and none is 0.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePortfolio, type LotRecord } from '../support/ledger.js';
import { hasRealPrices, type Histories } from './price-folder.js';
import { realHistories, SESSION } from './real-book.js';
import { startRiskSite, type RiskSite } from './risk-site.js';

/** What is shown for each: private assets only have nothing to measure; SPY's stand-in alone has nothing to miss but rates. */
type Holder = 'young' | 'delisted' | 'privateOnly' | 'market';

let site: RiskSite;
const portfolios = new Map<Holder, string>();

const lot = (symbol: string, more: Partial<LotRecord> = {}): LotRecord => ({
  symbol,
  quantity: '100',
  entryPrice: '100',
  entryDate: '2022-08-01',
  ...more,
});

const HOLDINGS: Readonly<Record<Holder, Readonly<{ equity: string; lots: readonly LotRecord[] }>>> = {
  young: { equity: '100000', lots: [lot('AAPL'), lot('YOUNG', { entryDate: '2022-12-01' })] },
  delisted: { equity: '100000', lots: [lot('AAPL'), lot('GONE')] },
  privateOnly: { equity: '100000', lots: [lot('VINEYARD', { investmentClass: 'PRIVATE' })] },
  market: { equity: '100000', lots: [lot('IVV')] },
};

/** A history of forty sessions, and one that ends three months before the session. There are no prices of TLT at all. */
function histories(): Histories {
  const real = realHistories();
  const [young, gone] = [[...real.get('PEP')!].slice(-40), [...real.get('RRC')!].filter(([date]) => date <= '2022-09-30')];
  return new Map([...real, ['YOUNG', new Map(young)], ['GONE', new Map(gone)]]);
}

/** What each lot of a portfolio was worth at the session. */
const valuesOf = async (holder: Holder): Promise<ReadonlyMap<string, number>> => {
  const { rows } = await site.db.pool.query<{ symbol: string; value: number }>(
    `SELECT symbol, market_value::float8 AS value FROM position_values JOIN positions ON positions.id = position_id
     WHERE position_values.portfolio_id = $1 AND session_date = $2`,
    [portfolios.get(holder), SESSION],
  );
  return new Map(rows.map(({ symbol, value }) => [symbol, value]));
};

const shown = <T>(holder: Holder, path: string): Promise<T> => site.shown<T>(portfolios.get(holder)!, path);

type Unavailable = Readonly<{ available: boolean; reason?: string; message?: string }>;
type Named = Readonly<{ symbol: string; message: string | null }>;
type PositionExposure = Named & Readonly<{ exposures: unknown; exposure_dollars: unknown; observations: number | null }>;
type Scenarios = Readonly<{
  data: Readonly<{ scenarios: readonly Readonly<{ absent_factors: readonly string[]; impact: Impact }>[] }>;
  metadata: Readonly<{ coverage: number; without_result: readonly string[] }>;
}>;
type Impact = Readonly<{
  dollar_impact: number;
  direct_dollar_impact: number;
  percentage_impact: number;
  by_position: readonly Readonly<{ symbol: string; dollar_impact: number | null }>[];
}>;

describe.skipIf(!hasRealPrices())('where data are missing', () => {
  beforeAll(async () => {
    site = await startRiskSite({ session: SESSION, histories: histories() });
    for (const [holder, { equity, lots }] of Object.entries(HOLDINGS)) {
      const id = await makePortfolio(site.db, { userId: site.ownerId, equity, asOf: SESSION, lots });
      portfolios.set(holder as Holder, id);
    }
    await site.runBatch();
  }, 240_000);
  afterAll(() => site?.close());

  test('a symbol with forty sessions has no betas, says so, and is not taken to lose nothing', async () => {
    const { positions } = await shown<Readonly<{ positions: readonly PositionExposure[] }>>(
      'young',
      'positions/factor-exposures',
    );
    const young = positions.find(({ symbol }) => symbol === 'YOUNG')!;
    expect(young).toMatchObject({ exposures: null, exposure_dollars: null, observations: 39 });
    expect(young.message).toMatch(/too few daily returns/);
    const { data, metadata } = await shown<Scenarios>('young', 'stress-test?scenarios=market_down_10');
    expect(data.scenarios[0]!.impact.by_position.find(({ symbol }) => symbol === 'YOUNG')!.dollar_impact).toBeNull();
    expect(metadata.coverage).toBeCloseTo(12_567.4 / 30_495.2, 9);
    const losses = await shown<Readonly<{ metadata: Readonly<{ coverage: number }> }>>('young', 'value-at-risk');
    expect(losses.metadata.coverage).toBeCloseTo(12_567.4 / 30_495.2, 9);
  });

  type Left = Readonly<{ symbol: string; reason: string; message: string }>;
  type Window = Readonly<{ observations: number; coverage: number; excluded: readonly Left[] }>;

  test('a delisted symbol takes no session from the others: losses, volatility and correlations leave it out, lower their coverage and name it', async () => {
    const left = [{ symbol: 'GONE', reason: 'returns_ended', message: expect.stringMatching(/no longer traded/) as string }];
    const { metadata } = await shown<Readonly<{ metadata: Window }>>('delisted', 'value-at-risk');
    expect(metadata).toMatchObject({ observations: 503, excluded: left });
    const lots = await valuesOf('delisted');
    const share = lots.get('AAPL')! / (lots.get('AAPL')! + lots.get('GONE')!);
    expect(metadata.coverage).toBeCloseTo(share, 9);
    const { holdings } = await shown<Readonly<{ holdings: Window & Readonly<{ contributions: readonly Named[] }> }>>(
      'delisted',
      'volatility',
    );
    expect(holdings).toMatchObject({ excluded: left, contributions: [{ symbol: 'AAPL' }] });
    expect(holdings.coverage).toBeCloseTo(share, 9);
    // A year has enough sessions in common, of the time before.
    const year = await shown<Unavailable>('delisted', 'correlation-matrix?lookback_days=252');
    expect(year).toMatchObject({
      available: false,
      reason: 'insufficient_overlap',
      message: expect.stringMatching(/GONE/) as string,
    });
  });

  test('a symbol of forty sessions is named where it would cut the window short, and kept where pairs have their own', async () => {
    const { metadata } = await shown<Readonly<{ metadata: Window }>>('young', 'value-at-risk');
    expect(metadata).toMatchObject({ observations: 503, excluded: [{ symbol: 'YOUNG', reason: 'insufficient_history' }] });
    const { holdings } = await shown<Readonly<{ holdings: Window }>>('young', 'volatility');
    expect(holdings).toMatchObject({ coverage: 1, excluded: [] });
  });

  test('a delisted symbol is valued as partial, and nothing is said of its volatility today', async () => {
    const overview = await shown<Readonly<{ coverage: number; valuation: string }>>('delisted', 'overview');
    expect(overview).toMatchObject({ valuation: 'partial' });
    expect(overview.coverage).toBeLessThan(1);
    const { symbols } = await shown<Readonly<{ symbols: readonly Named[] }>>('delisted', 'volatility');
    const gone = symbols.find(({ symbol }) => symbol === 'GONE')!;
    expect(gone).toMatchObject({ realized_21: null, ewma: null, forecast: null, percentile: null });
    expect(gone.message).toMatch(/hardly traded/);
    const matrix = await shown<Unavailable>('delisted', 'correlation-matrix');
    expect(matrix).toMatchObject({ available: false, reason: 'insufficient_overlap' });
  });

  test('without TLT the rate factor is null with its reason, and scenarios of yields alone have no result', async () => {
    type Factor = Readonly<{ name: string; proxy: string | null; beta: number | null; message: string | null }>;
    const { factors } = await shown<Readonly<{ factors: readonly Factor[] }>>('market', 'factor-exposures');
    const rates = factors.find(({ name }) => name === 'Interest Rate')!;
    expect(rates).toMatchObject({ proxy: null, beta: null, exposure_dollar: null, standard_error: null });
    expect(rates.message).toMatch(/absent: TLT has fewer than 60 closes .*market data provider/);
    const { data, metadata } = await shown<Scenarios>('market', 'stress-test?scenarios=rates_up_100bp,financial_crisis_2008');
    expect(metadata.without_result).toEqual(['rates_up_100bp']);
    expect(data.scenarios.map(({ absent_factors: absent }) => absent)).toEqual([['RAT']]);
  });

  test.each([
    'factor-exposures',
    'positions/factor-exposures',
    'stress-test',
    'value-at-risk',
    'correlation-matrix',
    'diversification-score',
  ])('private assets only: %s is not available, and says why', async (path) => {
    const answer = await shown<Unavailable>('privateOnly', path);
    expect(answer.available).toBe(false);
    expect(answer.message).toMatch(/private/i);
  });

  test('private assets only: marks that do not move are no volatility, drawdown, loss or beta of 0', async () => {
    const metrics = await shown<Unavailable>('privateOnly', 'risk-metrics');
    expect(metrics).toMatchObject({ available: false, reason: expect.any(String), message: expect.any(String) });
    const { holdings, realised } = await shown<Readonly<Record<'holdings' | 'realised', Readonly<Record<string, unknown>>>>>(
      'privateOnly',
      'volatility',
    );
    expect(holdings).toMatchObject({ volatility: null, coverage: null });
    expect(realised).toMatchObject({ realized_21: null, realized_63: null, ewma: null, percentile: null });
  });

  test('a book of what stands for SPY alone moves as the market: 10.000000 % of its value in market_down_10, 35 % in market_crash_35', async () => {
    const { data } = await shown<Scenarios>('market', 'stress-test?scenarios=market_down_10,market_crash_35');
    const value = 37_131.2;
    const losses = data.scenarios.map(({ impact }) => [impact.direct_dollar_impact / value, impact.dollar_impact / value]);
    const [crash, down] = losses.toSorted((a, b) => a[0]! - b[0]!);
    for (const loss of down!) expect(loss).toBeCloseTo(-0.1, 12);
    for (const loss of crash!) expect(loss).toBeCloseTo(-0.35, 12);
  });
});
