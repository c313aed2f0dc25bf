// The phases of a calculation, numbered as in batch-status. Phases that read fundamentals, tag sectors or measure risk join this table.
export const PHASES = {
  securityProfiles: { number: 0, name: 'security profiles' },
  marketData: { number: 1, name: 'market data' },
  snapshots: { number: 3, name: 'P&L and snapshots' },
  positionValues: { number: 4, name: 'position values' },
} as const;
