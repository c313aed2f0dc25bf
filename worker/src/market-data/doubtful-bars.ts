// What becomes of bars that one provider's answer can't carry: the next ones are asked, and each session's bar is of one of them.
import type { MarketDataProvider, OhlcvBar, SessionRange } from '@closebell/shared/market-data/provider';
import { askForBars, isWithin, splitsOf, type Inquiry, type JudgedAnswer } from './bar-inquiry.js';
import { judgeBars, type DatedClose, type RejectedBar } from './bar-checks.js';

/** Two providers that mean the same close are no further apart; one that has split it and one that has not are. */
const CONFIRMED_WITHIN = 0.005;

/**
 * A second opinion on the jumps of an answer, by one more request. Another provider that knows the sessions and has no jump there is believed
 * in the place of the first, except before its own history begins; one that has the same closes confirms the first. What neither settles is
 * refused. The answer that counts comes first.
 */
export async function settleJumps(inquiry: Inquiry, first: JudgedAnswer, range: SessionRange): Promise<readonly JudgedAnswer[]> {
  if (first.held.every(({ bar }) => bar.sessionDate < inquiry.wantedFrom)) {
    refuse(inquiry, first.provider, first.held);
    return [first];
  }
  const { previous } = first.rules;
  const other = await askForBars(inquiry, providersAfter(inquiry, first.provider), { range, previous });
  if (typeof other === 'string') {
    refuse(inquiry, first.provider, first.held);
    return [first];
  }
  if (refutes(other, first)) {
    refuse(
      inquiry,
      first.provider,
      first.held.filter(({ bar }) => !agrees(other.usable, bar)),
    );
    const begins = other.usable[0]!.sessionDate;
    const earlier = first.usable.filter(({ sessionDate }) => sessionDate < begins);
    return [other, { ...first, usable: earlier, actions: first.actions.filter(({ exDate }) => exDate < begins) }];
  }
  return [confirmedBy(inquiry, first, other)];
}

/** The other has no jump, and could have seen one: it has the sessions in doubt, and a close to compare them with. */
function refutes(other: JudgedAnswer, first: JudgedAnswer): boolean {
  const sessions = new Set(other.usable.map(({ sessionDate }) => sessionDate));
  const doubtful = first.held[0]!.bar.sessionDate;
  const hasReference = other.usable[0] !== undefined && other.usable[0].sessionDate < doubtful;
  const comesFirst = first.usable[0] === undefined || first.usable[0].sessionDate > doubtful;
  return other.held.length === 0 && (hasReference || comesFirst) && first.held.every(({ bar }) => sessions.has(bar.sessionDate));
}

function confirmedBy(inquiry: Inquiry, first: JudgedAnswer, other: JudgedAnswer): JudgedAnswer {
  // Closes that the other's own splits explain say nothing about those of a provider that knows of no split.
  const believed = splitsOf(other.actions).length === 0 ? other.usable : [];
  const witnesses = [...believed, ...other.held.map(({ bar }) => bar)];
  const given = [...first.usable, ...first.held.map(({ bar }) => bar)];
  const isConfirmed = (bar: OhlcvBar): boolean => first.rules.isConfirmed(bar) || agrees(witnesses, bar);
  const { usable, rejected } = judgeBars(given, { ...first.rules, isConfirmed });
  const settled = new Set(usable.map(({ sessionDate }) => sessionDate));
  refuse(inquiry, first.provider, rejected);
  refuse(
    inquiry,
    other.provider,
    other.held.filter(({ bar }) => !settled.has(bar.sessionDate)),
  );
  return { ...first, usable, held: [] };
}

function agrees(witnesses: readonly OhlcvBar[], bar: OhlcvBar): boolean {
  const same = witnesses.find(({ sessionDate }) => sessionDate === bar.sessionDate);
  return same !== undefined && isWithin(bar, same, CONFIRMED_WITHIN);
}

function refuse({ refused }: Inquiry, provider: string, bars: readonly RejectedBar[]): void {
  refused.push(...bars.map((bar) => ({ ...bar, provider })));
}

/** Asks the later providers for the sessions whose bars could not be. Each of the answers added has only such sessions. */
export async function fillFaults(inquiry: Inquiry, taken: readonly JudgedAnswer[]): Promise<readonly JudgedAnswer[]> {
  const answers = [...taken];
  const splits = taken.flatMap(({ actions }) => splitsOf(actions));
  const known = { ...inquiry.known, splits: [...inquiry.known.splits, ...splits] };
  let rest = providersAfter(inquiry, taken[0]!.provider);
  while (rest.length > 0) {
    const missing = faultySessions(inquiry, answers);
    const [from, to] = [missing[0], missing.at(-1)];
    if (from === undefined || to === undefined) break;
    const previous = lastClose(answers, from) ?? known.previous;
    const filling = await askForBars({ ...inquiry, known }, rest, { range: { from, to }, previous });
    if (typeof filling === 'string') break;
    refuse(
      inquiry,
      filling.provider,
      filling.held.filter(({ bar }) => missing.includes(bar.sessionDate)),
    );
    answers.push({ ...filling, usable: filling.usable.filter(({ sessionDate }) => missing.includes(sessionDate)), actions: [] });
    rest = providersAfter(inquiry, filling.provider);
  }
  return answers;
}

/** Sessions wanted of which a bar was refused as faulty, and no answer has another. */
function faultySessions({ refused, wantedFrom }: Inquiry, answers: readonly JudgedAnswer[]): readonly string[] {
  const settled = new Set(answers.flatMap(({ usable, held }) => [...usable, ...held.map(({ bar }) => bar)]).map(dateOf));
  const { calendar } = answers[0]!.rules;
  const faulty = refused.filter(({ kind }) => kind === 'fault').map(({ bar }) => bar.sessionDate);
  return [...new Set(faulty)]
    .filter((date) => date >= wantedFrom && calendar.isSession(date) && !settled.has(date))
    .sort((a, b) => (a < b ? -1 : 1));
}

function lastClose(answers: readonly JudgedAnswer[], before: string): DatedClose | undefined {
  const earlier = answers.flatMap(({ usable }) => usable.filter(({ sessionDate }) => sessionDate < before));
  return earlier.sort((a, b) => (a.sessionDate < b.sessionDate ? -1 : 1)).at(-1);
}

function providersAfter({ context: { providers } }: Inquiry, name: string): readonly MarketDataProvider[] {
  return providers.slice(providers.findIndex((provider) => provider.name === name) + 1);
}

function dateOf({ sessionDate }: OhlcvBar): string {
  return sessionDate;
}
