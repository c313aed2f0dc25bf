// The phases of a calculation, numbered as in batch-status. Phases that read fundamentals or tag sectors join this table.
export const PHASES = {
  securityProfiles: { number: 0, name: 'security profiles' },
  marketData: { number: 1, name: 'market data' },
  snapshots: { number: 3, name: 'P&L and snapshots' },
  positionValues: { number: 4, name: 'position values' },
  /** Of a batch: once for all portfolios, before any of them is computed. */
  symbolStatistics: { number: 6, name: 'symbol statistics' },
  risk: { number: 6, name: 'risk' },
} as const;
