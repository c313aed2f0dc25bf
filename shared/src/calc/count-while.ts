// Bisection. Pure.

/** How many places from 0 on `holds` is true for, of `length`; it is false for all after the first that it is false for. */
export function countWhile(length: number, holds: (place: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
