// Numbers as a reader of a report sees them; null stays null, and shows as a dash.

const TWO_PLACES = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const UP_TO_FOUR_PLACES = new Intl.NumberFormat('en-US', { maximumFractionDigits: 4 });

export function money(value: number | null): string | null {
  return value === null ? null : TWO_PLACES.format(value);
}

/** Of a fraction. */
export function percent(fraction: number | null): string | null {
  return fraction === null ? null : `${TWO_PLACES.format(100 * fraction)} %`;
}

export function number(value: number | null): string | null {
  return value === null ? null : UP_TO_FOUR_PLACES.format(value);
}
