// What a portfolio's scenarios came to: as the calculation stored them, or replays as measured, worked out on request.
import type { TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import type { PortfolioRiskRow } from '@closebell/prisma/portfolio-risk';
import { loadPriceWindows } from '@closebell/prisma/price-windows';
import { loadOptionTerms, toRiskLots } from '@closebell/prisma/risk-lots';
import { FACTORS, type FactorProxy } from '@closebell/shared/calc/factors';
import type { FactorModelOfSession } from '@closebell/shared/risk/factor-model-of-session';
import type { ScenarioImpact, StressLines } from '@closebell/shared/risk/packed-stress';
import { portfolioStress } from '@closebell/shared/risk/portfolio-stress';
import type { OptionImpacts } from '@closebell/shared/risk/risk-figures';
import { factorShocks, type BondSensitivity } from '@closebell/shared/stress/factor-shocks';
import { measuredMoves, scenarioMoves, type ScenarioMoves } from '@closebell/shared/stress/scenario-moves';
import { STRESS_SCENARIOS, type StressScenario } from '@closebell/shared/stress/scenarios';
import type { UnavailableScenario } from '@closebell/shared/contracts/analytics-stress';
import { absenceOf } from './absent-factors.js';
import type { FactorStanding } from './analysed-risk.js';
import type { ApiContext } from './context.js';

/** `place`: where its scenario stands in the option lots' impacts. */
export type ScenarioResult = Readonly<{ moves: ScenarioMoves; impact: ScenarioImpact; place: number }>;

export type StressResults = Readonly<{
  results: readonly ScenarioResult[];
  unavailable: readonly UnavailableScenario[];
  /** By position id. */
  optionImpacts: Readonly<Record<string, OptionImpacts>>;
}>;

/** `stress`: the row's results, in its order. One that was made of other shocks than today's is not shown. */
export function storedResults(
  { row, model, exposures }: FactorStanding,
  stress: readonly ScenarioImpact[],
  scenarios: readonly StressScenario[],
  bond: BondSensitivity,
): StressResults {
  const places = new Map(stress.map(({ scenarioId }, place) => [scenarioId, place]));
  const found = scenarios.map((scenario): ScenarioResult | UnavailableScenario => {
    const moves = scenarioMoves(scenario, model, bond);
    if (moves === null)
      return unavailable(scenario, 'no_factor', absenceOf(model, factorShocks(scenario, model.factors, bond).absent));
    const place = places.get(scenario.id);
    const impact = place === undefined ? undefined : stress[place];
    if (place === undefined || impact === undefined || !isMadeOf(moves, impact, { exposures, equity: row.equity }))
      return unavailable(scenario, 'settings_changed', SETTINGS_CHANGED);
    return { moves, impact, place };
  });
  return { ...sorted(found), optionImpacts: row.optionImpacts };
}

const SETTINGS_CHANGED =
  "What it shocks, or TLT's duration and convexity in the configuration, has changed since this session was calculated. The next calculation makes the result anew.";

const ROUNDING = 1e-9;

/** Picks the results of a row of the model's session that were made of today's shocks; null where it has none. */
export function pickCurrentImpacts(
  model: FactorModelOfSession,
  bond: BondSensitivity,
): (row: Pick<PortfolioRiskRow, 'stress' | 'exposures' | 'equity'>) => readonly ScenarioImpact[] | null {
  const moves = new Map(STRESS_SCENARIOS.map((scenario) => [scenario.id, scenarioMoves(scenario, model, bond)]));
  return ({ stress, exposures, equity }) => {
    if (stress === null || exposures === null) return null;
    return stress.filter((impact) => {
      const own = moves.get(impact.scenarioId) ?? null;
      return own !== null && isMadeOf(own, impact, { exposures, equity });
    });
  };
}

/** Whether stored results are those of these moves: each factor's line is the dollars in it × its move, up to the rounding of sums over lots. */
function isMadeOf(
  moves: ScenarioMoves,
  { direct, correlated }: ScenarioImpact,
  { exposures, equity }: Readonly<{ exposures: Float64Array; equity: number }>,
): boolean {
  const tolerance = ROUNDING * exposures.reduce((sum, dollars) => sum + Math.abs(dollars), 1 + Math.abs(equity));
  const isOf = (factorMoves: Float64Array | null, lines: StressLines | null): boolean =>
    factorMoves === null ||
    lines === null ||
    exposures.every((dollars, k) => {
      const line = dollars * (factorMoves[k] as number);
      return Math.abs((lines.byFactor[k] as number) - line) <= tolerance;
    });
  return isOf(moves.direct, direct) && isOf(moves.correlated, correlated);
}

/** Replays with the compound returns of the funds over their windows, where all of those are stored. */
export async function measuredResults(
  context: Pick<ApiContext, 'db' | 'calendar'>,
  standing: FactorStanding,
  scenarios: readonly StressScenario[],
): Promise<StressResults> {
  const { model, row, statistics } = standing;
  const { db, calendar } = context;
  const [terms, found] = await Promise.all([
    loadOptionTerms({ client: db.pool, calendar }, standing.lots, row.sessionDate),
    Promise.all(scenarios.map((scenario) => readMeasured(context, model, scenario))),
  ]);
  const moves = found.flatMap((each) => ('reason' in each ? [] : [each]));
  const betas = new Map([...statistics].map(([symbol, own]) => [symbol, own.betas]));
  const lots = toRiskLots(standing.lots, terms);
  const { stress, optionImpacts } = portfolioStress(lots, { factors: model.factors, betas, scenarios: moves });
  return {
    results: (stress ?? []).map((impact, place) => ({ moves: moves[place] as ScenarioMoves, impact, place })),
    unavailable: found.flatMap((each) => ('reason' in each ? [each] : [])),
    optionImpacts,
  };
}

async function readMeasured(
  { db, calendar }: Pick<ApiContext, 'db' | 'calendar'>,
  model: FactorModelOfSession,
  scenario: StressScenario,
): Promise<ScenarioMoves | UnavailableScenario> {
  const { window } = scenario;
  if (window === undefined)
    return unavailable(scenario, 'no_window', 'It is no replay of days that were: only the table says what it shocks.');
  const sessions = windowSessions(calendar, window, model.sessionDate);
  if (sessions === null)
    return unavailable(
      scenario,
      'no_history',
      `Its window, ${window.from} to ${window.to}, ends after the session of the figures.`,
    );
  const proxies = FACTORS.map((factor): FactorProxy => ({ factor, symbol: model.proxies[factor.id] }));
  const symbols = [...new Set(proxies.flatMap(({ symbol }) => symbol ?? []))];
  const closesWanted = new Map(symbols.map((symbol) => [symbol, sessions.length]));
  const { returns } = await loadPriceWindows(db.pool, { sessions, closesWanted });
  const moves = measuredMoves(scenario, model, proxies, returns, { first: 1, last: sessions.length - 1 });
  return moves ?? unavailable(scenario, 'no_history', missingHistory(window, symbols, returns));
}

function windowSessions(
  calendar: TradingCalendar,
  { from, to }: NonNullable<StressScenario['window']>,
  sessionDate: string,
): readonly string[] | null {
  return to > sessionDate ? null : calendar.sessionsBetween(from, to);
}

function missingHistory(
  { from, to }: NonNullable<StressScenario['window']>,
  symbols: readonly string[],
  returns: ReadonlyMap<string, Float64Array>,
): string {
  const lacking = symbols.filter((symbol) => returns.get(symbol)?.subarray(1).some(Number.isNaN) ?? true);
  return `Not every session from ${from} to ${to} has a stored close of ${lacking.join(', ')}. A fund that is younger than the window has none; ask for the scenario without source=measured.`;
}

function unavailable({ id, name }: StressScenario, reason: UnavailableScenario['reason'], message: string): UnavailableScenario {
  return { id, name, available: false, reason, message };
}

function sorted(found: readonly (ScenarioResult | UnavailableScenario)[]): Pick<StressResults, 'results' | 'unavailable'> {
  return {
    results: found.flatMap((each) => ('reason' in each ? [] : [each])),
    unavailable: found.flatMap((each) => ('reason' in each ? [each] : [])),
  };
}
