// One GET that answers JSON, for every provider with an HTTP address: whatever goes wrong comes back as the reason for it.
import type { Answer, Refusal } from '@closebell/shared/market-data/provider';

/** The time that a whole answer may take. */
export const REQUEST_TIMEOUT_MS = 10_000;
/** Thirty years of daily bars are 2 MB. */
const BODY_BYTES_MAX = 20_000_000;
/** What is shown of a provider's own message. */
const MESSAGE_CHARACTERS_MAX = 200;

/** How one provider is asked. `timeoutMs` is for the whole answer, not only its first byte. */
export type JsonSource = Readonly<{
  /** As reasons name it. */
  provider: string;
  /** Paths are added to it: a mirror may live below one. */
  baseUrl: string;
  /** Never shown: it is struck out of every reason, also where the provider repeats it. Null: the provider has none. */
  apiKey: string | null;
  headers?: Readonly<Record<string, string>>;
  /** Added to the query of every request. */
  query?: Readonly<Record<string, string>>;
  /** The provider's own ways to refuse; null leaves it to the HTTP status. `body` is undefined where it is not JSON. */
  refusalOf: (httpStatus: number, body: unknown) => Refusal | null;
  timeoutMs?: number;
  bodyBytesMax?: number;
}>;

/** What the answer has to look like: a zod schema. */
export type Shape<T> = Readonly<{
  safeParse: (
    value: unknown,
  ) =>
    | Readonly<{ success: true; data: T }>
    | Readonly<{ success: false; error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] } }>;
}>;

export type JsonRequest<T> = Readonly<{ path: string; query?: Readonly<Record<string, string>>; shape: Shape<T> }>;

/** Rejects with the signal's reason and with nothing else. */
export type GetJson = <T>(request: JsonRequest<T>, signal: AbortSignal) => Promise<Answer<T>>;

/**
 * 401, 402 and 403 come back as `unauthorized`, 429 as `rate_limited`, any other status but 2xx as `unavailable`, as do a time-out and a
 * connection that fails or breaks off. An answer that is too long, is not JSON or not of the shape asked for is `garbage`. Redirects are
 * not followed: whoever is at their other end must not get the key.
 */
export function createJsonClient(source: JsonSource): GetJson {
  return async (request, signal) => {
    signal.throwIfAborted();
    const received = await receive(source, urlOf(source, request), signal);
    return withoutKey('status' in received ? received : read(source, request, received), source.apiKey);
  };
}

/** `text` is null when the body was longer than allowed. */
type Received = Readonly<{ httpStatus: number; retryAfter: string | null; text: string | null }>;

function urlOf({ baseUrl, query }: JsonSource, request: JsonRequest<unknown>): URL {
  const url = new URL(baseUrl);
  url.pathname = url.pathname.replace(/\/$/, '') + request.path;
  for (const [name, value] of Object.entries({ ...query, ...request.query })) url.searchParams.set(name, value);
  return url;
}

async function receive(source: JsonSource, url: URL, signal: AbortSignal): Promise<Received | Refusal> {
  const { provider, headers = {}, timeoutMs = REQUEST_TIMEOUT_MS, bodyBytesMax = BODY_BYTES_MAX } = source;
  // A timer of our own: Node 20 lets the garbage collector take a composed signal whose time-out nothing else holds, and it never fires.
  const stop = new AbortController();
  const onAbort = (): void => stop.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const deadline = setTimeout(() => stop.abort(LATE), timeoutMs);
  try {
    signal.throwIfAborted();
    const response = await fetch(url, {
      headers: { accept: 'application/json', ...headers },
      redirect: 'manual',
      signal: stop.signal,
    });
    const retryAfter = response.headers.get('retry-after');
    return { httpStatus: response.status, retryAfter, text: await readText(response, bodyBytesMax) };
  } catch (cause) {
    signal.throwIfAborted();
    const trouble =
      stop.signal.reason === LATE ? `did not answer within ${timeoutMs} ms` : `could not be reached: ${codeOf(cause)}`;
    return { status: 'unavailable', reason: `${provider} ${trouble}` };
  } finally {
    clearTimeout(deadline);
    signal.removeEventListener('abort', onAbort);
  }
}

const LATE = new Error('no answer in time');

async function readText(response: Response, bytesMax: number): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) return null;
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

/** The system's name for what broke; messages are left out because some quote the address, and so the key. */
function codeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof Error) return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
  return 'unknown';
}

function read<T>(source: JsonSource, { shape }: JsonRequest<T>, { httpStatus, retryAfter, text }: Received): Answer<T> {
  const { provider, bodyBytesMax = BODY_BYTES_MAX } = source;
  const json = text === null ? undefined : jsonOf(text);
  const refusal = source.refusalOf(httpStatus, json?.value) ?? refusalOfStatus(provider, httpStatus, retryAfter);
  if (refusal !== null) return { ...refusal, reason: refusal.reason + messageOf(json?.value, text) };
  if (text === null) return { status: 'garbage', reason: `${provider} sent more than ${bodyBytesMax} bytes` };
  if (json === undefined) return { status: 'garbage', reason: `${provider} sent ${kindOf(text)} where JSON was expected` };
  const parsed = shape.safeParse(json.value);
  if (parsed.success) return { status: 'ok', value: parsed.data };
  const [issue] = parsed.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? 'its answer' : issue.path.map(String).join('.');
  return {
    status: 'garbage',
    reason: `${provider} sent something else than expected: ${where}: ${issue?.message ?? 'not valid'}`,
  };
}

function jsonOf(text: string): Readonly<{ value: unknown }> | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

function refusalOfStatus(provider: string, httpStatus: number, retryAfter: string | null): Refusal | null {
  if (httpStatus >= 200 && httpStatus < 300) return null;
  const reason = `${provider} answered ${httpStatus}`;
  if (httpStatus === 401 || httpStatus === 402 || httpStatus === 403) return { status: 'unauthorized', reason };
  if (httpStatus === 429) return { status: 'rate_limited', reason, retryAfterMs: retryAfterMs(retryAfter, new Date()) };
  return { status: 'unavailable', reason };
}

/** Milliseconds to wait, from a Retry-After header in seconds or as a date; null without one that can be read. */
export function retryAfterMs(header: string | null, now: Date): number | null {
  if (header === null || header.trim() === '') return null;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, Math.round(seconds * 1_000));
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - now.getTime());
}

const MESSAGE_FIELDS = ['error', 'message', 'error_message', 'Error Message'];

/** What the provider says itself, as the end of a reason; empty where it says nothing people can read. */
function messageOf(body: unknown, text: string | null): string {
  const fields = typeof body === 'object' && body !== null ? Object.entries(body) : [];
  const said = fields.find(([name, value]) => MESSAGE_FIELDS.includes(name) && typeof value === 'string')?.[1] as
    | string
    | undefined;
  const plain = body === undefined && text !== null && kindOf(text) === 'text' ? text : '';
  const message = (said ?? plain).replaceAll(/\s+/g, ' ').trim();
  return message === '' ? '' : `: ${message.slice(0, MESSAGE_CHARACTERS_MAX)}`;
}

function kindOf(text: string): 'nothing' | 'HTML' | 'broken JSON' | 'text' {
  const start = text.trimStart().charAt(0);
  if (start === '') return 'nothing';
  if (start === '<') return 'HTML';
  return start === '{' || start === '[' ? 'broken JSON' : 'text';
}

function withoutKey<T>(answer: Answer<T>, apiKey: string | null): Answer<T> {
  if (answer.status === 'ok' || apiKey === null) return answer;
  const reason = answer.reason.replaceAll(apiKey, '***').replaceAll(encodeURIComponent(apiKey), '***');
  return { ...answer, reason };
}
