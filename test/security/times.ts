// The two forms of time in answers, and what in an answer is in neither.

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
/** ISO with another precision or zone, day and month with dots or slashes, and what Date.toString and HTTP write. */
const LIKE_A_DATE =
  /^(?:\d{4}-\d{2}-\d{2}[T ]\d|\d{4}\/\d{1,2}\/\d{1,2}|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}$|[A-Z][a-z]{2},? (?:[A-Z][a-z]{2} )?\d{1,2} )/;

/** Each with the path of its field. What is `up_to_date` is a number of portfolios. */
export function timeFaultsOf(value: unknown, path = ''): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => timeFaultsOf(item, `${path}[${index}]`));
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([name, item]) => timeFaultsOf(item, `${path}.${name}`));
  }
  return isFaulty(path, value) ? [`${path} is ${JSON.stringify(value)}`] : [];
}

function isFaulty(path: string, value: unknown): boolean {
  if (value === null) return false;
  if (path.endsWith('_at')) return typeof value !== 'string' || !INSTANT.test(value);
  if (path.endsWith('_date') && !path.endsWith('.up_to_date')) return typeof value !== 'string' || !DATE.test(value);
  return typeof value === 'string' && LIKE_A_DATE.test(value) && !INSTANT.test(value);
}
