// The Prefer header (RFC 7240) of a request whose work may outlast it.

const STANDARD_MS = 5_000;
const SECONDS_MAX = 30;

/** How long to wait for the work before answering 202. `wait=N` counts up to 30 seconds; `respond-async` alone means not at all. */
export function preferredWaitMs(prefer: string | undefined, standardMs = STANDARD_MS): number {
  const preferences = (prefer ?? '')
    .toLowerCase()
    .split(/[,;]/)
    .map((preference) => preference.trim());
  const seconds = preferences
    .map((preference) => /^wait\s*=\s*"?(\d{1,6})"?$/.exec(preference)?.[1])
    .find((match) => match !== undefined);
  if (seconds !== undefined) return Math.min(Number(seconds), SECONDS_MAX) * 1_000;
  return preferences.includes('respond-async') ? 0 : standardMs;
}
