// The environment, parsed once at start. Every fault is reported at once, with what to set instead.
import { z } from 'zod';
import { TLT_SENSITIVITY, type BondSensitivity } from './stress/factor-shocks.js';

const text = z.string().trim().min(1);
const flag = z.enum(['true', 'false']).transform((value) => value === 'true');
const count = (min: number, max: number) => z.coerce.number().int().min(min).max(max);
const httpUrl = z.url({ protocol: /^https?$/, error: 'must be a URL such as https://example.com' });
const list = z.string().transform((value) =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);

export const PROVIDER_NAMES = ['yahoo', 'massive', 'fmp', 'files', 'simulated'] as const;
export type ProviderName = (typeof PROVIDER_NAMES)[number];

const DEVELOPMENT_SECRET = 'closebell-development-secret-not-for-production';
const DEVELOPMENT_INVITE_CODE = 'CLOSEBELL-DEV';
const PRODUCTION_INVITE_LENGTH_MIN = 6;
/** Random text of 32 characters has this many different ones, also in hexadecimal, but for one in ten million. */
const SECRET_CHARACTERS_MIN = 8;

/** As browsers send it: neither path nor "*", which would let every site read with the user's cookies. */
const ORIGIN = /^https?:\/\/(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:]+\])(?::\d{1,5})?$/;
const WHAT_ORIGINS_ARE =
  'must be origins such as https://app.example.com, separated by commas; "*" is none, as requests carry cookies';
const DOMAIN = /^\.?[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i;

/** Every variable, its default and what it is for: `.env.example` and the README's table follow this. */
const variables = z.object({
  ENVIRONMENT: z.enum(['development', 'test', 'production']).default('development'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
  CLOSEBELL_DATA_DIR: text.default('.closebell'),
  HOST: text.default('127.0.0.1'),
  PORT: count(0, 65_535).default(3000),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  JWT_SECRET: text.min(32, 'must be at least 32 characters').default(DEVELOPMENT_SECRET),
  ACCESS_TOKEN_MINUTES: count(15, 1_440).default(60),
  REFRESH_TOKEN_DAYS: count(1, 365).default(30),
  BETA_INVITE_CODE: text.default(DEVELOPMENT_INVITE_CODE),
  CORS_ORIGINS: list.pipe(z.array(z.string().regex(ORIGIN, WHAT_ORIGINS_ARE))).default([]),
  TRUST_PROXY: count(0, 10).default(0),
  COOKIE_DOMAIN: text.regex(DOMAIN, 'must be a domain such as example.com, without scheme, port or path').optional(),
  COOKIE_SAMESITE: z.enum(['strict', 'lax', 'none']).default('lax'),
  RATE_LIMITS: flag.default(true),
  MARKET_DATA_PROVIDERS: list.pipe(z.array(z.enum(PROVIDER_NAMES)).min(1)).default(['yahoo']),
  MARKET_DATA_DIR: text.optional(),
  YAHOO_BASE_URL: httpUrl.optional(),
  MASSIVE_API_KEY: text.optional(),
  MASSIVE_BASE_URL: httpUrl.default('https://api.massive.com'),
  MASSIVE_REQUESTS_PER_MINUTE: count(1, 100_000).default(5),
  FMP_API_KEY: text.optional(),
  FMP_BASE_URL: httpUrl.default('https://financialmodelingprep.com'),
  FMP_REQUESTS_PER_MINUTE: count(1, 100_000).default(300),
  FMP_REQUESTS_PER_DAY: count(0, 10_000_000).default(250),
  FRED_API_KEY: text.optional(),
  FRED_BASE_URL: httpUrl.default('https://api.stlouisfed.org'),
  SIMULATION_SEED: count(0, 2 ** 31).default(20_240_102),
  OPTION_RATE: z.coerce.number().min(-0.05).max(0.5).default(0.045),
  TLT_DURATION_YEARS: z.coerce.number().min(0).max(50).default(TLT_SENSITIVITY.duration),
  TLT_CONVEXITY_YEARS2: z.coerce.number().min(0).max(2_000).default(TLT_SENSITIVITY.convexity),
  CLOSEBELL_NOW: z.iso.datetime({ offset: true }).optional(),
  WORKER_CONCURRENCY: count(1, 64).default(4),
  WORKER_THREADS: count(1, 16).default(2),
  JOB_LEASE_SECONDS: count(2, 600).default(30),
  BATCH_CHUNK_SIZE: count(1, 1_000).default(250),
  RECORD_VALUES_EVERY_S: count(0, 3_600).default(0),
  METRICS_TOKEN: text.min(16, 'must be at least 16 characters').optional(),
  BOARD_READ_ONLY: flag.default(true),
  DETERMINISTIC_UUIDS: flag.default(false),
  SKIP_STARTUP_VALIDATION: flag.default(false),
});

/** The names of all variables. */
export const CONFIG_VARIABLES: readonly string[] = Object.keys(variables.shape);

type Variables = z.output<typeof variables>;

export type Config = Readonly<{
  environment: Variables['ENVIRONMENT'];
  /** null: an embedded Postgres under dataDir. */
  databaseUrl: string | null;
  /** null: the queue travels on Postgres. */
  redisUrl: string | null;
  dataDir: string;
  host: string;
  port: number;
  logLevel: Variables['LOG_LEVEL'];
  jwtSecret: string;
  accessTokenMinutes: number;
  refreshTokenDays: number;
  inviteCode: string;
  corsOrigins: readonly string[];
  trustProxy: number;
  cookieDomain: string | null;
  cookieSameSite: Variables['COOKIE_SAMESITE'];
  rateLimits: boolean;
  marketDataProviders: readonly ProviderName[];
  marketDataDir: string | null;
  /** null: Yahoo's own addresses. */
  yahooBaseUrl: string | null;
  /** A provider's key is null only where MARKET_DATA_PROVIDERS does not name it. */
  massiveApiKey: string | null;
  massiveBaseUrl: string;
  massiveRequestsPerMinute: number;
  fmpApiKey: string | null;
  fmpBaseUrl: string;
  fmpRequestsPerMinute: number;
  /** null: no limit. */
  fmpRequestsPerDay: number | null;
  /** null: no published rates. */
  fredApiKey: string | null;
  fredBaseUrl: string;
  simulationSeed: number;
  /** Continuously compounded annual rate for option marks. */
  optionRate: number;
  /** Turns a change of yields into a return of TLT. */
  tltSensitivity: BondSensitivity;
  /** The market clock starts here; null: the real time. */
  marketNow: Date | null;
  workerConcurrency: number;
  /** Threads that jobs run in, beside the one that keeps their leases. */
  workerThreads: number;
  /** A worker holds its job this long without a sign of life; then another may take it over. */
  jobLeaseMs: number;
  batchChunkSize: number;
  /** How often portfolios are valued while the exchange is open; 0: never. */
  recordValuesEveryMs: number;
  /** Lets a scraper read /metrics; null: superusers only. */
  metricsToken: string | null;
  boardReadOnly: boolean;
  deterministicUuids: boolean;
  skipStartupValidation: boolean;
}>;

export type ConfigResult = Readonly<{ ok: true; config: Config }> | Readonly<{ ok: false; faults: readonly string[] }>;

/** Parses the environment. A variable set to the empty string counts as unset, as compose files write it. */
export function parseConfig(env: Readonly<Record<string, string | undefined>>): ConfigResult {
  const given = Object.fromEntries(Object.entries(env).filter(([name, value]) => name in variables.shape && value?.trim()));
  const parsed = variables.safeParse(given);
  const issues = parsed.success ? [] : parsed.error.issues;
  const faulty = new Set(issues.map(({ path }) => String(path[0])));
  // A faulty variable stands at its default here, so that what depends on the others is judged as well.
  const rest = parsed.data ?? variables.parse(Object.fromEntries(Object.entries(given).filter(([name]) => !faulty.has(name))));
  const together = [...crossFaults(rest), ...productionFaults(rest)].filter((fault) => !faulty.has(fault.split(':')[0] ?? ''));
  const faults = [...issues.map(({ path, message }) => `${String(path[0])}: ${message}`), ...together];
  return faults.length > 0 ? { ok: false, faults } : { ok: true, config: toConfig(rest) };
}

function crossFaults(v: Variables): readonly string[] {
  const faults: string[] = [];
  if (v.MARKET_DATA_PROVIDERS.includes('simulated') && v.MARKET_DATA_PROVIDERS.length > 1) {
    faults.push('MARKET_DATA_PROVIDERS: simulated runs only when named alone; name the real providers or simulated, not both');
  }
  if (v.MARKET_DATA_PROVIDERS.includes('files') && v.MARKET_DATA_DIR === undefined) {
    faults.push('MARKET_DATA_DIR: set it to the folder of price files, as MARKET_DATA_PROVIDERS names files');
  }
  if (v.MARKET_DATA_PROVIDERS.includes('massive') && v.MASSIVE_API_KEY === undefined) {
    faults.push('MASSIVE_API_KEY: set it to your key, as MARKET_DATA_PROVIDERS names massive');
  }
  if (v.MARKET_DATA_PROVIDERS.includes('fmp') && v.FMP_API_KEY === undefined) {
    faults.push('FMP_API_KEY: set it to your key, as MARKET_DATA_PROVIDERS names fmp');
  }
  if (v.COOKIE_SAMESITE === 'none' && v.ENVIRONMENT !== 'production') {
    faults.push('COOKIE_SAMESITE: none needs secure cookies, which only ENVIRONMENT=production sets');
  }
  return faults;
}

function productionFaults(v: Variables): readonly string[] {
  if (v.ENVIRONMENT !== 'production') return [];
  const faults: string[] = [];
  if (v.JWT_SECRET === DEVELOPMENT_SECRET || new Set(v.JWT_SECRET).size < SECRET_CHARACTERS_MIN)
    faults.push('JWT_SECRET: set a random secret of your own in production (openssl rand -base64 48)');
  if (v.BETA_INVITE_CODE.toUpperCase() === DEVELOPMENT_INVITE_CODE || v.BETA_INVITE_CODE.length < PRODUCTION_INVITE_LENGTH_MIN)
    faults.push(`BETA_INVITE_CODE: set a code of your own in production, of ${PRODUCTION_INVITE_LENGTH_MIN} characters or more`);
  if (v.DATABASE_URL === undefined)
    faults.push('DATABASE_URL: production needs a Postgres of its own; the embedded one is for one machine');
  if (v.MARKET_DATA_PROVIDERS.includes('simulated')) {
    faults.push('MARKET_DATA_PROVIDERS: simulated prices are refused in production; use yahoo, massive, fmp or files');
  }
  if (v.CLOSEBELL_NOW !== undefined) faults.push('CLOSEBELL_NOW: refused in production, where the market clock is the real time');
  if (!v.RATE_LIMITS) faults.push('RATE_LIMITS: must stay on in production');
  return faults;
}

function toConfig(v: Variables): Config {
  return {
    environment: v.ENVIRONMENT,
    databaseUrl: v.DATABASE_URL ?? null,
    redisUrl: v.REDIS_URL ?? null,
    dataDir: v.CLOSEBELL_DATA_DIR,
    host: v.HOST,
    port: v.PORT,
    logLevel: v.LOG_LEVEL,
    jwtSecret: v.JWT_SECRET,
    accessTokenMinutes: v.ACCESS_TOKEN_MINUTES,
    refreshTokenDays: v.REFRESH_TOKEN_DAYS,
    inviteCode: v.BETA_INVITE_CODE,
    corsOrigins: v.CORS_ORIGINS,
    trustProxy: v.TRUST_PROXY,
    cookieDomain: v.COOKIE_DOMAIN ?? null,
    cookieSameSite: v.COOKIE_SAMESITE,
    rateLimits: v.RATE_LIMITS,
    marketDataProviders: v.MARKET_DATA_PROVIDERS,
    marketDataDir: v.MARKET_DATA_DIR ?? null,
    yahooBaseUrl: v.YAHOO_BASE_URL ?? null,
    massiveApiKey: v.MASSIVE_API_KEY ?? null,
    massiveBaseUrl: v.MASSIVE_BASE_URL,
    massiveRequestsPerMinute: v.MASSIVE_REQUESTS_PER_MINUTE,
    fmpApiKey: v.FMP_API_KEY ?? null,
    fmpBaseUrl: v.FMP_BASE_URL,
    fmpRequestsPerMinute: v.FMP_REQUESTS_PER_MINUTE,
    fmpRequestsPerDay: v.FMP_REQUESTS_PER_DAY === 0 ? null : v.FMP_REQUESTS_PER_DAY,
    fredApiKey: v.FRED_API_KEY ?? null,
    fredBaseUrl: v.FRED_BASE_URL,
    simulationSeed: v.SIMULATION_SEED,
    optionRate: v.OPTION_RATE,
    tltSensitivity: { duration: v.TLT_DURATION_YEARS, convexity: v.TLT_CONVEXITY_YEARS2 },
    marketNow: v.CLOSEBELL_NOW === undefined ? null : new Date(v.CLOSEBELL_NOW),
    workerConcurrency: v.WORKER_CONCURRENCY,
    workerThreads: v.WORKER_THREADS,
    jobLeaseMs: v.JOB_LEASE_SECONDS * 1_000,
    batchChunkSize: v.BATCH_CHUNK_SIZE,
    recordValuesEveryMs: v.RECORD_VALUES_EVERY_S * 1_000,
    metricsToken: v.METRICS_TOKEN ?? null,
    boardReadOnly: v.BOARD_READ_ONLY,
    deterministicUuids: v.DETERMINISTIC_UUIDS,
    skipStartupValidation: v.SKIP_STARTUP_VALIDATION,
  };
}
