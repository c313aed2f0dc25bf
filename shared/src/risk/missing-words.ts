// Why a figure is missing, in words for its owner.
import type { ExclusionReason } from './joint-window.js';
import type { MissingReason } from './risk-figures.js';
import type { StatisticReason } from './symbol-statistics.js';

export const MISSING_WORDS: Readonly<Record<MissingReason | ExclusionReason | StatisticReason, string>> = {
  insufficient_history: 'There are too few daily returns yet; every session adds one.',
  insufficient_observations: 'There are too few daily returns yet; every session adds one.',
  no_returns: 'There are no prices of it, so there are no returns.',
  no_recent_returns: 'It has hardly traded in the last month.',
  returns_ended: 'Its last return is more than five sessions old: it is no longer traded, or its prices are missing.',
  insufficient_overlap: 'It has too few sessions in common with the other holdings.',
  ill_conditioned: 'Its returns cannot be told apart by factor.',
  no_variation: 'The returns do not vary, so there is nothing to divide by.',
  no_forecast: 'The past volatilities lead to no forecast.',
  no_market: 'SPY and the funds that may stand for it have too few prices in the window.',
  no_rates: 'TLT has too few prices in the window.',
  no_factors: 'The funds that stand for the factors have too few prices in the window.',
  nothing_covered: 'None of the holdings has enough prices: they are private, too new, or without data.',
  no_equity: 'Equity is not above 0, so there is nothing to take a share of.',
  no_holdings: 'Nothing is held.',
  unknown_covariances: 'Too few sessions are common to the holdings.',
};
