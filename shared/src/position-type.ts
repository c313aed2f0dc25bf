// What a lot is called by its side, and an option by what it is a right to.

/** L or S, long or short; C or P, a call or a put. */
export const POSITION_TYPES = ['LONG', 'SHORT', 'LC', 'LP', 'SC', 'SP'] as const;
export type PositionType = (typeof POSITION_TYPES)[number];

/** `quantity`: decimal text, negative for a short. */
export function positionType({
  quantity,
  optionType,
}: Readonly<{ quantity: string; optionType: 'CALL' | 'PUT' | null }>): PositionType {
  const isShort = quantity.startsWith('-');
  if (optionType === null) return isShort ? 'SHORT' : 'LONG';
  return `${isShort ? 'S' : 'L'}${optionType === 'CALL' ? 'C' : 'P'}`;
}
