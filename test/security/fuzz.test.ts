// Every operation under requests made to break it: no failure of ours, every refusal in the one shape, every answer soon.
// FUZZ_REQUESTS says how many, FUZZ_SEED which.
import { createOpenApiDocument } from '@closebell/api/openapi';
import { ENDPOINTS } from '@closebell/shared/contracts/endpoints';
import { ERRORS, type ErrorCode } from '@closebell/shared/errors';
import { Agent, request } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { oddRequests, type Document, type Good, type OddRequest } from './fuzz-requests.js';
import { gapsOfTable, keyOf, requestOf } from './requests.js';
import { freshName, startSite, type Person } from './site.js';

const COUNT = Number(process.env['FUZZ_REQUESTS'] ?? 600);
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_250_312);
const ANSWER_WITHIN_MS = 2_000;
const AT_ONCE = 4;

/** All but the one that would end the login of those who ask. */
const DOCUMENT = createOpenApiDocument(ENDPOINTS.filter(({ path }) => path !== '/auth/logout')) as unknown as Document;

let site: Awaited<ReturnType<typeof startSite>>;
const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
beforeAll(async () => {
  site = await startSite();
});
afterAll(async () => {
  agent.destroy();
  await site.close();
});

it(`answers ${COUNT} odd requests without a failure, each refusal in the one shape`, async () => {
  const user = await site.person();
  const superuser = await site.person({ isSuperuser: true });
  // Whom admins act upon: those who ask must stay who they are.
  const subject = await site.person();
  const known = [...Object.values(user.ids), ...Object.values(superuser.ids), subject.userId];
  const good = goodRequests({ ...subject, ids: user.ids });
  const requests = oddRequests(DOCUMENT, { known, good, seed: SEED, count: COUNT });
  const tally = new Map<number, number>();
  const faults: string[] = [];
  let slowestMs = 0;
  const queue = [...requests.entries()];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [index, odd] = next;
      const answer = await ask(odd, odd.path.startsWith('/api/v1/admin') || index % 10 === 0 ? superuser : user);
      tally.set(answer.status, (tally.get(answer.status) ?? 0) + 1);
      slowestMs = Math.max(slowestMs, answer.tookMs);
      for (const fault of faultsOf(odd, answer)) faults.push(`${fault}: ${shown(odd)} → ${answer.text.slice(0, 200)}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const statuses = [...tally].toSorted(([a], [b]) => a - b).map(([status, times]) => `${status}: ${times}`);
  console.log(
    `fuzz: seed ${SEED}, ${requests.length} requests over ${ENDPOINTS.length} operations; ${statuses.join(', ')}; slowest ${slowestMs.toFixed(0)} ms`,
  );
  expect(faults).toEqual([]);
  expect((await ask({ method: 'GET', path: '/api/v1/auth/me', headers: {}, body: null }, user)).status).toBe(200);
}, 1_200_000);

function goodRequests(person: Person): Readonly<Record<string, Good>> {
  const entries = ENDPOINTS.filter((each) => !gapsOfTable().missing.includes(keyOf(each))).map((definition) => {
    const { path, body } = requestOf(definition, person.ids, { ...person, fresh: freshName() });
    const key = keyOf(definition).replaceAll(/:(\w+)/g, '{$1}');
    return [key, { path: path.slice('/api/v1'.length).split('?')[0]!, body }] as const;
  });
  return Object.fromEntries(entries);
}

type OddAnswer = Readonly<{ status: number; contentType: string; text: string; tookMs: number }>;

/** As the bytes are: fetch would refuse to send some of them. A stream of events is left after its first part. */
function ask({ method, path, headers, body }: OddRequest, person: Person): Promise<OddAnswer> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(site.url);
    const length = body === null ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
    // Nobody works beside: what waits for a job is to answer at once.
    const all = { Prefer: 'respond-async', ...person.headers, ...headers, ...length };
    const asking = request({ agent, hostname, port, method, path, headers: all }, (response) => {
      const contentType = response.headers['content-type'] ?? '';
      const parts: Buffer[] = [];
      const end = (): void => {
        const text = Buffer.concat(parts).toString();
        resolve({ status: response.statusCode ?? 0, contentType, text, tookMs: performance.now() - startedAt });
      };
      response.on('data', (part: Buffer) => {
        parts.push(part);
        if (!contentType.startsWith('text/event-stream')) return;
        end();
        asking.destroy();
      });
      response.once('end', end);
    });
    asking.once('error', (cause: NodeJS.ErrnoException) =>
      reject(new Error(`${method} ${path.slice(0, 200)}: ${cause.code}`, { cause })),
    );
    asking.setTimeout(20_000, () => asking.destroy(new Error('no answer')));
    asking.end(body ?? undefined);
  });
}

function faultsOf({ method }: OddRequest, { status, contentType, text, tookMs }: OddAnswer): readonly string[] {
  return [
    ...(status >= 500 && !isReadiness(text) ? [`${status}`] : []),
    ...(tookMs > ANSWER_WITHIN_MS ? [`took ${tookMs.toFixed(0)} ms`] : []),
    ...(status >= 400 && status < 500 && method !== 'HEAD' && !isRefusal(status, contentType, text)
      ? [`${status} in another shape`]
      : []),
  ];
}

/** What /health answers 503 with: not every service a test starts is a whole installation. */
function isReadiness(text: string): boolean {
  return text.startsWith('{"status"') || text.startsWith('{"ready"');
}

function isRefusal(status: number, contentType: string, text: string): boolean {
  if (!contentType.startsWith('application/json')) return false;
  const { error, ...others } = JSON.parse(text) as { error?: Readonly<Record<string, unknown>> };
  const code = error?.['code'] as ErrorCode;
  const isWhole = typeof error?.['message'] === 'string' && typeof error['request_id'] === 'string';
  const isKnown = code in ERRORS && ERRORS[code].status === status && error?.['documentation_url'] === `/docs/errors#${code}`;
  return isWhole && isKnown && Object.keys(others).length === 0;
}

function shown({ method, path, headers, body }: OddRequest): string {
  const content = body === null ? '' : Buffer.from(body).toString().slice(0, 300);
  return `${method} ${path.slice(0, 300)} ${JSON.stringify(headers).slice(0, 200)} ${content}`;
}
