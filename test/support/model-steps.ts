// The steps of the model test: what may be done to an installation, and how a seed draws them.
import fc, { type Arbitrary } from 'fast-check';
import { ANCHORS, FIRST_LOTS, LAST_SESSION, LATER_FLOWS, LATER_LOTS, MODEL_SESSIONS } from './model-ledger.js';

/** `at` numbers pick from what there is by then, round and round. */
const number = fc.nat(1_000);
const session = fc.constantFrom(...MODEL_SESSIONS);
const place = fc.nat(1);

/** Step → how often it is drawn among the others, and what it carries. */
const DRAWN = {
  'create portfolio': [3, fc.record({ lots: fc.nat(FIRST_LOTS.length - 1), asOf: fc.constantFrom(...ANCHORS) })],
  calculate: [6, fc.record({ at: number, session, force: fc.boolean() })],
  batch: [3, fc.record({ session, force: fc.boolean() })],
  upload: [2, fc.record({ account: fc.nat(2) })],
  'add lot': [4, fc.record({ at: number, lot: fc.nat(LATER_LOTS.length - 1) })],
  'add flow': [3, fc.record({ at: number, flow: fc.nat(LATER_FLOWS.length - 1) })],
  cancel: [3, fc.record({ at: number })],
  retry: [3, fc.record({ at: number })],
  deliver: [3, fc.record({ at: number, fencesBack: fc.nat(2) })],
  'kill worker': [3, fc.record({ place })],
  'replace worker': [4, fc.record({ place, killedAt: fc.option(number) })],
  'freeze worker': [2, fc.record({ place })],
  'forget queue': [2, fc.record({})],
  'restart Postgres': [2, fc.record({})],
  'wait until quiet': [2, fc.record({})],
} as const;

export type Drawn = typeof DRAWN;
export type StepOf<K extends keyof Drawn> =
  Drawn[K][1] extends Arbitrary<infer Carried> ? Readonly<{ kind: K; pauseMs: number } & Carried> : never;
export type Step = { [K in keyof Drawn]: StepOf<K> }[keyof Drawn];

export const FAULT_STEPS: readonly Step['kind'][] = [
  'deliver',
  'kill worker',
  'replace worker',
  'freeze worker',
  'forget queue',
  'restart Postgres',
];

const STEPS_MIN = 14;
const STEPS_MAX = 24;
/** Something to strike: without portfolios most other steps have nothing to do. */
const FIRST_STEPS: readonly Step[] = [
  { kind: 'create portfolio', pauseMs: 0, lots: 0, asOf: ANCHORS[0] },
  { kind: 'create portfolio', pauseMs: 0, lots: 2, asOf: LAST_SESSION },
  { kind: 'batch', pauseMs: 0, session: MODEL_SESSIONS[1], force: false },
];

/** The steps of a seed, the same each time. */
export function stepsOf(seed: number): readonly Step[] {
  const pauseMs = fc.constantFrom(0, 0, 0, 40, 150, 400, 900);
  const step = fc.oneof(
    ...Object.entries(DRAWN).map(([kind, [weight, carried]]) => ({
      weight,
      arbitrary: fc.tuple(pauseMs, carried as Arbitrary<object>).map(([pause, fields]) => ({ kind, pauseMs: pause, ...fields })),
    })),
  );
  const steps = fc.array(step, { minLength: STEPS_MIN, maxLength: STEPS_MAX, size: 'max' });
  return [...FIRST_STEPS, ...(fc.sample(steps, { seed, numRuns: 1 })[0] as readonly Step[])];
}
