import { DEFAULT_SIMULATION_SEED, simulatedProvider } from '@closebell/worker/market-data/simulated';
import { describeProviderConformance } from './conformance.js';

describeProviderConformance({
  name: 'simulated',
  create: () => Promise.resolve(simulatedProvider({ seed: DEFAULT_SIMULATION_SEED })),
  symbol: 'MSFT',
  range: { from: '2024-07-01', to: '2025-12-31' },
  unknownSymbol: 'UNKNOWN_CO',
});
