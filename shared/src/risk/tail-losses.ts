// Value at risk and expected shortfall of one series, historical and normal, at both confidences.
import { historicalTailLoss, normalTailLoss } from '../calc/value-at-risk.js';
import type { TailLosses } from './risk-figures.js';

/** In the unit of `returns`, which may be fractions or dollars of each session; NaN is a gap. */
export function tailLosses(returns: Float64Array): TailLosses {
  const [at95, at99] = [historicalTailLoss(returns, 0.95), historicalTailLoss(returns, 0.99)];
  const [normal95, normal99] = [normalTailLoss(returns, 0.95), normalTailLoss(returns, 0.99)];
  return {
    value_at_risk_95: at95?.valueAtRisk ?? null,
    expected_shortfall_95: at95?.expectedShortfall ?? null,
    value_at_risk_99: at99?.valueAtRisk ?? null,
    expected_shortfall_99: at99?.expectedShortfall ?? null,
    parametric_value_at_risk_95: normal95?.valueAtRisk ?? null,
    parametric_expected_shortfall_95: normal95?.expectedShortfall ?? null,
    parametric_value_at_risk_99: normal99?.valueAtRisk ?? null,
    parametric_expected_shortfall_99: normal99?.expectedShortfall ?? null,
  };
}

/** Every figure by `divisor`: dollars to fractions of equity. */
export function dividedBy(losses: TailLosses, divisor: number): TailLosses {
  const share = (loss: number | null): number | null => (loss === null ? null : loss / divisor);
  return {
    value_at_risk_95: share(losses.value_at_risk_95),
    expected_shortfall_95: share(losses.expected_shortfall_95),
    value_at_risk_99: share(losses.value_at_risk_99),
    expected_shortfall_99: share(losses.expected_shortfall_99),
    parametric_value_at_risk_95: share(losses.parametric_value_at_risk_95),
    parametric_expected_shortfall_95: share(losses.parametric_expected_shortfall_95),
    parametric_value_at_risk_99: share(losses.parametric_value_at_risk_99),
    parametric_expected_shortfall_99: share(losses.parametric_expected_shortfall_99),
  };
}
