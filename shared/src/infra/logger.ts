// Structured logs: an event and ids. Payloads, files and secrets are never logged; what slips through is redacted.
import { pino, type Logger as PinoLogger } from 'pino';

export type Logger = PinoLogger;

const SECRETS = [
  'password',
  '*.password',
  'token',
  '*.token',
  'access_token',
  'refresh_token',
  'authorization',
  'cookie',
  'set-cookie',
  'jwtSecret',
];
const HEADERS = ['req.headers.authorization', 'req.headers.cookie', 'req.headers["x-csrf-token"]', 'res.headers["set-cookie"]'];

export type LoggerOptions = Readonly<{ name: string; level: string }>;

export function createLogger({ name, level }: LoggerOptions): Logger {
  return pino({ name, level, redact: { paths: [...SECRETS, ...HEADERS], censor: '[redacted]' } });
}
