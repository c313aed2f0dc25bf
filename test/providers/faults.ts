// What every provider over HTTP must make of a server in trouble. A provider's test calls it with its stand-in and what can be asked of it.
import type { MarketDataProvider } from '@closebell/shared/market-data/provider';
import { afterEach, describe, expect, test } from 'vitest';
import type { Failure, StandIn } from './stand-in.js';

type Question = (provider: MarketDataProvider, signal: AbortSignal) => Promise<Readonly<{ status: string }>> | undefined;

export type FaultsUnderTest = Readonly<{
  standIn: () => StandIn;
  /** Asks the stand-in. */
  create: (timeoutMs: number) => MarketDataProvider;
  /** Part of no reason, in no form. */
  apiKey: string;
  /** By what is asked for; all must refuse alike. */
  questions: Readonly<Record<string, Question>>;
}>;

const PATIENT_MS = 20_000;
const HASTY_MS = 150;

export function describeFaults({ standIn, create, apiKey, questions }: FaultsUnderTest): void {
  describe.each(Object.entries(questions))('%s of a server in trouble', (_, ask) => {
    afterEach(() => standIn().failWith(null));

    test.each(FAULTS)('$fault: $expected.status, without the key', async ({ failure, expected, timeoutMs = PATIENT_MS }) => {
      standIn().failWith(failure);
      const answer = await ask(create(timeoutMs), new AbortController().signal);
      expect(answer).toMatchObject({ reason: expect.stringMatching(/./), ...expected });
      expectConcealed(answer);
    });

    test('a server that repeats the key has it struck out', async () => {
      standIn().failWith(json(403, { error: `the key ${apiKey} may not, ${encodeURIComponent(apiKey)} least of all` }));
      const answer = await ask(create(PATIENT_MS), new AbortController().signal);
      expect(answer).toMatchObject({ status: 'unauthorized', reason: expect.stringContaining('***') });
      expectConcealed(answer);
    });

    test('an abort while it thinks rejects with the reason of the abort', async () => {
      const abort = new AbortController();
      standIn().failWith(() => abort.abort(new Error('no longer wanted')));
      await expect(ask(create(PATIENT_MS), abort.signal)).rejects.toThrow('no longer wanted');
    });
  });

  function expectConcealed(answer: unknown): void {
    expect(JSON.stringify(answer)).not.toContain(apiKey);
    expect(JSON.stringify(answer)).not.toContain(encodeURIComponent(apiKey));
  }
}

type Fault = Readonly<{
  fault: string;
  failure: Failure;
  expected: Readonly<{ status: string; retryAfterMs?: number | null }>;
  timeoutMs?: number;
}>;

const FAULTS: readonly Fault[] = [
  {
    fault: '429 with Retry-After',
    failure: (response) => response.writeHead(429, { 'retry-after': '7' }).end('{}'),
    expected: { status: 'rate_limited', retryAfterMs: 7_000 },
  },
  { fault: '429 without it', failure: json(429, {}), expected: { status: 'rate_limited', retryAfterMs: null } },
  { fault: '401', failure: json(401, {}), expected: { status: 'unauthorized' } },
  { fault: '403', failure: json(403, {}), expected: { status: 'unauthorized' } },
  { fault: 'what the plan does not have', failure: text(402, 'Not in your plan'), expected: { status: 'unauthorized' } },
  { fault: '500', failure: json(500, {}), expected: { status: 'unavailable' } },
  { fault: 'a page that says 503', failure: text(503, '<html>Down</html>'), expected: { status: 'unavailable' } },
  { fault: 'a 404 by somebody on the way', failure: text(404, '<html>Not here</html>'), expected: { status: 'unavailable' } },
  { fault: 'no answer in time', failure: () => {}, expected: { status: 'unavailable' }, timeoutMs: HASTY_MS },
  {
    fault: 'an answer that stops half way',
    failure: (response) => void response.writeHead(200).write('['),
    expected: { status: 'unavailable' },
    timeoutMs: HASTY_MS,
  },
  {
    fault: 'a connection cut half way',
    failure: (response) => void response.writeHead(200).write('[', () => response.destroy()),
    expected: { status: 'unavailable' },
  },
  { fault: 'half a JSON', failure: text(200, '{"status":"OK","results":[{"c":1'), expected: { status: 'garbage' } },
  { fault: 'HTML', failure: text(200, '<!doctype html><title>Hello</title>'), expected: { status: 'garbage' } },
  { fault: 'an empty body', failure: text(200, ''), expected: { status: 'garbage' } },
  { fault: 'other JSON than was asked for', failure: json(200, { weather: 'fine' }), expected: { status: 'garbage' } },
];

export function json(status: number, body: unknown): Failure {
  return text(status, JSON.stringify(body));
}

export function text(status: number, body: string): Failure {
  return (response) => response.writeHead(status).end(body);
}
