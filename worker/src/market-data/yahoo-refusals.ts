// Why Yahoo did not give what was asked for: from its own words, the status of a page, or what the client threw.
import type { Refusal } from '@closebell/shared/market-data/provider';
import { retryAfterMs } from './http-json.js';

/** Carries a refusal through the client's code to whoever called the client. */
export class YahooRefusal extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal, options?: ErrorOptions) {
    super(refusal.reason, options);
    this.name = 'YahooRefusal';
    this.refusal = refusal;
  }
}

const WORDS_MAX = 160;

export function garbage(reason: string): YahooRefusal {
  return new YahooRefusal({ status: 'garbage', reason: shortened(reason) });
}

/** From the error that Yahoo writes into its JSON; null leaves it to the HTTP status. */
export function refusalOfBody(httpStatus: number, body: unknown): Refusal | null {
  const words = wordsOf(body);
  if (words === null || httpStatus === 429 || httpStatus === 401 || httpStatus === 403 || httpStatus >= 500) return null;
  const reason = `Yahoo answered ${httpStatus}: ${shortened(words)}`;
  // The words decide and not the 404 alone: one by some proxy must not brand the symbol as unknown.
  if (/not found|no data found/i.test(words)) return { status: 'unknown_symbol', reason };
  if (/data doesn't exist/i.test(words)) return { status: 'no_data', reason };
  return { status: 'garbage', reason };
}

/** Of a page that brought neither cookie nor crumb. */
export function refusalOfPage({ status, headers }: Response): YahooRefusal {
  const reason = `Yahoo answered ${status} when asked for a cookie and a crumb`;
  const wait = retryAfterMs(headers.get('retry-after'), new Date());
  if (status === 429) return new YahooRefusal({ status: 'rate_limited', reason, retryAfterMs: wait });
  const isForbidden = status === 401 || status === 402 || status === 403;
  return new YahooRefusal({ status: isForbidden ? 'unauthorized' : 'unavailable', reason });
}

/** Of anything thrown out of the client: what the transport did not refuse, the client could not make sense of. */
export function refusalOfError(error: unknown): Refusal {
  if (error instanceof YahooRefusal) return error.refusal;
  const words = schemaFault(error) ?? (error instanceof Error ? error.message : String(error));
  return { status: 'garbage', reason: `Yahoo's answer makes no sense: ${shortened(words)}` };
}

/** `{"chart": {"result": null, "error": {"code": …, "description": …}}}`, whatever the one key is called. */
function wordsOf(body: unknown): string | null {
  const [part, ...others] = isObject(body) ? Object.values(body) : [];
  if (others.length > 0 || !isObject(part) || !isObject(part['error'])) return null;
  const { code, description } = part['error'];
  return [description, code].find((text) => typeof text === 'string') ?? 'an error without words';
}

/** The first place at which the client's own schema was not met. */
function schemaFault(error: unknown): string | null {
  if (!(error instanceof Error && 'errors' in error && Array.isArray(error.errors))) return null;
  const [first] = error.errors as readonly (Readonly<{ instancePath?: string; message?: string }> | undefined)[];
  return `${first?.message ?? error.message} at ${first?.instancePath || '/'}`;
}

function shortened(words: string): string {
  return words.length <= WORDS_MAX ? words : `${words.slice(0, WORDS_MAX - 1)}…`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
