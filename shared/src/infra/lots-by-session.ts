// Which lots concern a session, without looking at all of them in each: a long history has thousands, few of them at a time.

export type LotsBySession = Readonly<{
  /** In the order of the list. */
  of: (session: number) => Uint32Array;
  /** Of any one session. */
  most: number;
}>;

/** `spans`: of each lot the sessions that it concerns, both included; `last` before `first` is none. Sessions count from 0. */
export function lotsBySession(sessions: number, spans: readonly Readonly<{ first: number; last: number }>[]): LotsBySession {
  const starts = new Uint32Array(sessions + 1);
  for (const { first, last } of spans) for (let i = first; i <= last; i++) starts[i + 1]! += 1;
  let most = 0;
  for (let i = 0; i < sessions; i++) {
    most = Math.max(most, starts[i + 1]!);
    starts[i + 1]! += starts[i]!;
  }
  const lots = new Uint32Array(starts[sessions]!);
  const next = starts.slice();
  for (const [lot, { first, last }] of spans.entries()) for (let i = first; i <= last; i++) lots[next[i]!++] = lot;
  return { of: (session) => lots.subarray(starts[session], starts[session + 1]), most };
}
