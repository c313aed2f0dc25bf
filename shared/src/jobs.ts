// Every job kind on one page: what it carries, where it queues, how often it is tried, how long it may take, when it is due.
// A kind is stored with every row: never rename one, add a new one.
import { z } from 'zod';
import { EXPORT_FORMATS, EXPORT_PARTS, REPORT_FORMATS } from './export/export-request.js';

const sessionDate = z.iso.date();
const portfolioSession = z.object({
  portfolioId: z.uuid(),
  sessionDate,
  /** Also do the phases meant for the current session only, whatever the session. */
  onboarding: z.boolean().default(false),
});

type JobKindDefinition<P extends z.ZodObject> = Readonly<{
  queue: QueueName;
  /** Ids and dates only, parsed at submit and again at run. */
  payload: P;
  /** At most one job with this key is queued or running at a time. */
  dedupeKey: (payload: z.output<P>) => string;
  attemptsMax: number;
  timeoutMs: number;
  /** 1 is served first; the chunks of a batch wait behind every user. */
  priority: number;
  /** How many at most are on the queue or running at a time, the others wait in Postgres; null: all may be. */
  inFlightMax: number | null;
}>;

export const QUEUES = ['imports', 'preprocessing', 'calculations', 'batches', 'market-data', 'exports', 'maintenance'] as const;
export type QueueName = (typeof QUEUES)[number];

const define = <P extends z.ZodObject>(definition: JobKindDefinition<P>): JobKindDefinition<P> => definition;

const MINUTE_MS = 60_000;

/** Symbols in one request for quotes, and the characters of each. */
export const QUOTE_SYMBOLS_MAX = 50;
export const QUOTE_SYMBOL_LENGTH_MAX = 30;
/** Symbols in one refresh-prices. */
export const REFRESH_SYMBOLS_MAX = 1_000;

export const JOBS = {
  'import-positions': define({
    queue: 'imports',
    payload: z.object({ importId: z.uuid() }),
    dedupeKey: ({ importId }) => `import-positions ${importId}`,
    attemptsMax: 5,
    timeoutMs: 2 * MINUTE_MS,
    priority: 1,
    inFlightMax: null,
  }),
  'prepare-portfolio': define({
    queue: 'preprocessing',
    payload: portfolioSession,
    dedupeKey: ({ portfolioId, sessionDate: date }) => `prepare-portfolio ${portfolioId} ${date}`,
    attemptsMax: 5,
    timeoutMs: 10 * MINUTE_MS,
    priority: 1,
    inFlightMax: null,
  }),
  'calculate-portfolio': define({
    queue: 'calculations',
    payload: portfolioSession,
    dedupeKey: ({ portfolioId, sessionDate: date }) => `calculate-portfolio ${portfolioId} ${date}`,
    attemptsMax: 5,
    timeoutMs: 10 * MINUTE_MS,
    priority: 1,
    inFlightMax: null,
  }),
  'run-batch': define({
    queue: 'batches',
    payload: z.object({ sessionDate }),
    dedupeKey: ({ sessionDate: date }) => `run-batch ${date}`,
    attemptsMax: 5,
    timeoutMs: 60 * MINUTE_MS,
    priority: 5,
    inFlightMax: null,
  }),
  'calculate-chunk': define({
    queue: 'calculations',
    payload: z.object({ runId: z.uuid(), chunk: z.int().min(0), sessionDate, portfolioIds: z.array(z.uuid()).max(1000) }),
    dedupeKey: ({ runId, chunk }) => `calculate-chunk ${runId} ${chunk}`,
    attemptsMax: 5,
    timeoutMs: 20 * MINUTE_MS,
    priority: 10,
    inFlightMax: 200,
  }),
  'refresh-prices': define({
    queue: 'market-data',
    payload: z.object({
      symbols: z.array(z.string().min(1).max(100)).min(1).max(REFRESH_SYMBOLS_MAX),
      /** Of the symbols: a thousand of them are too long for a key. */
      symbolsHash: z.string().min(1).max(64),
      sessionDate,
      /** Also ask for what is left alone for now, having been asked for in vain. */
      force: z.boolean().default(false),
    }),
    dedupeKey: ({ symbolsHash, sessionDate: date, force }) => `refresh-prices ${symbolsHash} ${date}${force ? ' force' : ''}`,
    attemptsMax: 5,
    timeoutMs: 20 * MINUTE_MS,
    priority: 5,
    /** Leaves places in the queue to quotes, which somebody waits for. */
    inFlightMax: 2,
  }),
  'refresh-profiles': define({
    queue: 'maintenance',
    payload: z.object({}),
    dedupeKey: () => 'refresh-profiles',
    attemptsMax: 3,
    timeoutMs: 30 * MINUTE_MS,
    priority: 20,
    inFlightMax: null,
  }),
  'refresh-quotes': define({
    queue: 'market-data',
    /** Sorted. Short and few enough for a key of their own. */
    payload: z.object({ symbols: z.array(z.string().min(1).max(QUOTE_SYMBOL_LENGTH_MAX)).min(1).max(QUOTE_SYMBOLS_MAX) }),
    dedupeKey: ({ symbols }) => `refresh-quotes ${symbols.join(' ')}`,
    attemptsMax: 1,
    timeoutMs: MINUTE_MS / 2,
    priority: 1,
    inFlightMax: null,
  }),
  'record-values': define({
    queue: 'maintenance',
    /** `slot`: the instant, of the market clock, that the values are recorded for. Without a portfolio: all of them. */
    payload: z.object({ slot: z.iso.datetime(), portfolioId: z.uuid().optional() }),
    dedupeKey: ({ slot, portfolioId }) => `record-values ${portfolioId ?? 'all'} ${slot}`,
    attemptsMax: 3,
    timeoutMs: 2 * MINUTE_MS,
    priority: 10,
    inFlightMax: null,
  }),
  'build-export': define({
    queue: 'exports',
    payload: z.object({
      portfolioId: z.uuid(),
      /** The state of figures asked for: of another one, another file is made. The file has those of when it is made. */
      generation: z.int().min(0),
      sessionDate: sessionDate.nullable(),
      format: z.enum(EXPORT_FORMATS),
      parts: z.array(z.enum(EXPORT_PARTS)).min(1).max(EXPORT_PARTS.length),
    }),
    dedupeKey: ({ portfolioId, generation, sessionDate: date, format, parts }) =>
      `build-export ${portfolioId} ${generation} ${date ?? 'none'} ${format} ${parts.join(',')}`,
    attemptsMax: 5,
    timeoutMs: 2 * MINUTE_MS,
    priority: 1,
    inFlightMax: null,
  }),
  'build-report': define({
    queue: 'exports',
    payload: z.object({
      portfolioId: z.uuid(),
      generation: z.int().min(0),
      /** Of the newest session up to this day; null: of the newest there is. */
      asOfDate: z.iso.date().nullable(),
      format: z.enum(REPORT_FORMATS),
    }),
    dedupeKey: ({ portfolioId, generation, asOfDate, format }) =>
      `build-report ${portfolioId} ${generation} ${asOfDate ?? 'newest'} ${format}`,
    attemptsMax: 5,
    timeoutMs: 2 * MINUTE_MS,
    priority: 1,
    inFlightMax: null,
  }),
  'sweep-snapshots': define({
    queue: 'maintenance',
    payload: z.object({ sessionDate }),
    dedupeKey: ({ sessionDate: date }) => `sweep-snapshots ${date}`,
    attemptsMax: 5,
    timeoutMs: 5 * MINUTE_MS,
    priority: 5,
    inFlightMax: null,
  }),
  'prune-jobs': define({
    queue: 'maintenance',
    payload: z.object({}),
    dedupeKey: () => 'prune-jobs',
    attemptsMax: 3,
    timeoutMs: 5 * MINUTE_MS,
    priority: 20,
    inFlightMax: null,
  }),
  'cleanup-incomplete': define({
    queue: 'maintenance',
    payload: z.object({ ageHours: z.number().min(0).default(24), portfolioId: z.uuid().optional() }),
    dedupeKey: ({ portfolioId }) => `cleanup-incomplete ${portfolioId ?? 'all'}`,
    attemptsMax: 3,
    timeoutMs: 5 * MINUTE_MS,
    priority: 20,
    inFlightMax: null,
  }),
  /** Does nothing: its way through the queue is what `npm run doctor` and the transport tests look at. */
  ping: define({
    queue: 'maintenance',
    payload: z.object({ nonce: z.string().max(100) }),
    dedupeKey: ({ nonce }) => `ping ${nonce}`,
    attemptsMax: 5,
    timeoutMs: MINUTE_MS,
    priority: 1,
    inFlightMax: null,
  }),
} as const;

export type JobKind = keyof typeof JOBS;
export type JobPayload<K extends JobKind> = z.output<(typeof JOBS)[K]['payload']>;
export type JobPayloadInput<K extends JobKind> = z.input<(typeof JOBS)[K]['payload']>;

export const JOB_KINDS = Object.keys(JOBS) as JobKind[];

export const JOB_STATUSES = ['queued', 'running', 'completed', 'partial', 'failed', 'cancelled'] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

export const JOB_TRIGGERS = ['user', 'admin', 'schedule', 'catch-up'] as const;
export type JobTrigger = (typeof JOB_TRIGGERS)[number];

type ScheduleDefinition = Readonly<{
  kind: JobKind;
  /** Cron, five fields, in `timeZone`: it keeps its wall-clock time over clock changes. */
  pattern: string;
  timeZone: string;
  /** A due time missed by longer than this is let go. */
  catchUpMs: number;
  description: string;
}>;

const DAY_MS = 24 * 60 * MINUTE_MS;

export const SCHEDULES = {
  'nightly-batch': {
    kind: 'run-batch',
    pattern: '30 17 * * 1-5',
    timeZone: 'America/New_York',
    catchUpMs: 7 * DAY_MS,
    description: 'all portfolios after the closing bell; on a holiday it finds nothing to do',
  },
  'midnight-sweep': {
    kind: 'sweep-snapshots',
    pattern: '0 0 * * *',
    timeZone: 'UTC',
    catchUpMs: DAY_MS,
    description: 'portfolios that still lack the last complete session',
  },
  'weekly-profiles': {
    kind: 'refresh-profiles',
    pattern: '0 6 * * 6',
    timeZone: 'UTC',
    // A machine that is off at weekends renews them on Monday.
    catchUpMs: 7 * DAY_MS,
    description: 'names, sectors and exchanges of the securities in use that are missing or a week old',
  },
  'prune-jobs': {
    kind: 'prune-jobs',
    pattern: '20 3 * * *',
    timeZone: 'UTC',
    catchUpMs: DAY_MS,
    description: 'job rows that ended over 30 days ago, files of exports after 7',
  },
  'cleanup-incomplete': {
    kind: 'cleanup-incomplete',
    pattern: '40 * * * *',
    timeZone: 'UTC',
    catchUpMs: DAY_MS / 24,
    description: 'snapshot slots abandoned for 24 hours',
  },
} as const satisfies Record<string, ScheduleDefinition>;

export type ScheduleName = keyof typeof SCHEDULES;
