// Structured logs: an event and ids, named requestId, jobId, runId and kind everywhere. Payloads, files and secrets are never logged;
// what slips through is redacted.
import { pino, stdSerializers, type Logger as PinoLogger } from 'pino';

export type Logger = PinoLogger;

const SECRETS = [
  'password',
  'passwordHash',
  'token',
  'accessToken',
  'refreshToken',
  'access_token',
  'refresh_token',
  'jwtSecret',
  'metricsToken',
];
const HEADERS = ['authorization', 'cookie', 'set-cookie', 'x-csrf-token'];
const REDACTED = [...SECRETS, ...HEADERS].flatMap((name) => [`["${name}"]`, `*["${name}"]`, `*.headers["${name}"]`]);

export type LoggerOptions = Readonly<{ name: string; level: string }>;

export function createLogger({ name, level }: LoggerOptions): Logger {
  return pino({ name, level, serializers: { err: describeError }, redact: { paths: REDACTED, censor: '[redacted]' } });
}

/** What went wrong and where. The other fields of an error are left out: Postgres puts the row's values into `detail`, a parser the whole body. */
function describeError(cause: unknown): Readonly<Record<string, unknown>> {
  if (!(cause instanceof Error)) return { type: typeof cause };
  const { type, message, stack, code } = stdSerializers.err(cause) as ReturnType<typeof stdSerializers.err> & { code?: unknown };
  return code === undefined ? { type, message, stack } : { type, message, stack, code };
}
