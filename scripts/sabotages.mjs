// The safeguards that `npm run test:bite` takes out, each with the quick tests that must fail without it. Each text of `from` stands exactly
// once in its file; what is put in its place must compile. Plain data: a safeguard that is not here is one entry away.
const FIRST_MIGRATION = 'prisma/migrations/20261121000000_initial/migration.sql';

export const SABOTAGES = [
  {
    name: 'figures are written without a look at the fence',
    edits: [
      {
        file: 'prisma/src/job-runs.ts',
        from: 'await proveHold(client, hold);\n    return work(client);',
        to: 'return work(client);',
      },
    ],
    tests: ['test/jobs/job-row.test.ts'],
  },
  {
    name: 'a job is ended without a look at the fence',
    edits: [
      {
        file: 'prisma/src/job-runs.ts',
        from: `WHERE id = $1 AND fence = $2 AND status = 'running' RETURNING parent_id`,
        to: `WHERE id = $1 AND $2::bigint IS NOT NULL RETURNING parent_id`,
      },
    ],
    tests: ['test/jobs/job-row.test.ts'],
  },
  {
    name: 'a job is claimed under any fence',
    edits: [
      {
        file: 'prisma/src/job-runs.ts',
        from: `WHERE id = $1 AND fence = $2 AND status = 'queued' RETURNING *`,
        to: `WHERE id = $1 AND $2::bigint IS NOT NULL AND status = 'queued' RETURNING *`,
      },
    ],
    tests: ['test/jobs/job-row.test.ts'],
  },
  {
    name: 'claims of portfolios are not proven before figures are written',
    edits: [
      {
        file: 'prisma/src/calculation-claims.ts',
        from: 'return new Set(rows.map(({ portfolio_id: id }) => id));',
        to: 'return rows.length < 0 ? new Set() : new Set(claims.keys());',
      },
    ],
    tests: ['test/jobs/mid-run.test.ts'],
  },
  {
    name: 'claims of portfolios are taken from whoever holds them',
    edits: [
      {
        file: 'prisma/src/calculation-claims.ts',
        from: 'WHERE calculation_claims.lease_until < clock_timestamp() OR',
        to: 'WHERE true OR',
      },
    ],
    tests: ['test/jobs/batch.test.ts'],
  },
  {
    name: 'live jobs may share a dedupe key',
    edits: [
      {
        file: FIRST_MIGRATION,
        from: `CREATE UNIQUE INDEX "jobs_live_dedupe_key"`,
        to: `CREATE INDEX "jobs_live_dedupe_key"`,
      },
      {
        file: 'prisma/src/jobs.ts',
        from: `ON CONFLICT (dedupe_key) WHERE status IN ('queued', 'running') DO NOTHING`,
        to: 'ON CONFLICT DO NOTHING',
      },
    ],
    tests: ['test/jobs/job-row.test.ts'],
  },
  {
    name: 'the rescuer does nothing',
    edits: [
      { file: 'prisma/src/job-relay.ts', from: 'if (!rows[0]?.taken) return null;', to: 'if (rows.length > 0) return null;' },
    ],
    tests: ['test/jobs/job-row.test.ts'],
  },
  {
    name: 'the rescuer takes jobs whose lease still runs',
    edits: [
      {
        file: 'prisma/src/job-relay.ts',
        from: `job.status = 'running' AND job.lease_until < clock_timestamp()`,
        to: `job.status = 'running' AND job.lease_until IS NOT NULL`,
      },
    ],
    tests: ['test/jobs/mid-run.test.ts'],
  },
  {
    name: 'the rescuer gives a job any number of starts',
    edits: [{ file: 'prisma/src/job-relay.ts', from: '`job.attempts_made < job.attempts_max AND', to: '`true AND' }],
    tests: ['test/jobs/job-row.test.ts'],
  },
  {
    name: 'a change while a portfolio is computed is forgotten',
    edits: [{ file: 'prisma/src/figures.ts', from: ' AND portfolios.generation = done.generation', to: '' }],
    tests: ['test/jobs/mid-run.test.ts'],
  },
  {
    name: 'prices are not prepared again after a change',
    edits: [
      {
        file: 'worker/src/jobs/prepare-portfolio.ts',
        from: 'generation: ledgers[0]?.generation ?? null,',
        to: 'generation: null,',
      },
    ],
    tests: ['test/jobs/mid-run.test.ts'],
  },
  {
    name: 'prices are fetched up to the session asked for only',
    edits: [
      {
        file: 'worker/src/batch/wanted-sessions.ts',
        from: 'calendar.sessionsBetween(start, to)',
        to: 'calendar.sessionsBetween(start, to === start ? to : targetSession)',
      },
    ],
    tests: ['test/jobs/mid-run.test.ts'],
  },
  {
    name: 'prices that come while the first figures are computed leave those as they are',
    edits: [
      {
        file: 'prisma/src/price-inserts.ts',
        from: 'JOIN holders USING (portfolio_id) WHERE lease_until > clock_timestamp()',
        to: `JOIN holders USING (portfolio_id) WHERE lease_until > 'infinity'`,
      },
    ],
    tests: ['test/jobs/mid-run.test.ts'],
  },
  {
    name: 'a session that is computed gets no slot',
    edits: [
      {
        file: 'prisma/src/calculation-claims.ts',
        from: 'SELECT * FROM unnest($1::uuid[], $2::date[]) ON CONFLICT DO NOTHING',
        to: 'SELECT * FROM unnest($1::uuid[], $2::date[]) LIMIT 0',
      },
    ],
    tests: ['test/jobs/mid-run.test.ts'],
  },
  {
    name: 'due times are acted upon again and again',
    edits: [
      {
        file: 'prisma/src/schedule-ticks.ts',
        from: 'if (known) return { submitted: false };',
        to: 'if (known === -1) return { submitted: false };',
      },
      { file: 'prisma/src/schedule-ticks.ts', from: 'if (rowCount === 0) return', to: 'if (rowCount === -1) return' },
    ],
    tests: ['test/jobs/schedules.test.ts'],
  },
  {
    name: 'the relay notes the hand-over before it is done',
    edits: [
      { file: 'prisma/src/job-relay.ts', from: '    await enqueue(rows);\n', to: '' },
      {
        file: 'prisma/src/job-relay.ts',
        from: '[rows.map(({ id }) => id)]);\n    return rows.length;',
        to: `[rows.map(({ id }) => id)]);\n    await client.query('COMMIT');\n    await enqueue(rows);\n    return rows.length;`,
      },
    ],
    tests: ['test/jobs/job-row.test.ts'],
  },
  {
    name: 'a cancelled run goes back to the queue',
    edits: [
      {
        file: 'prisma/src/job-runs.ts',
        from: 'if (root.cancel_requested_at !== null) return endJobIn',
        to: 'if (root.status === null) return endJobIn',
      },
    ],
    tests: ['test/jobs/cancel.test.ts'],
  },
  {
    name: 'what a request made is not noted with it',
    edits: [
      {
        file: 'prisma/src/idempotency-keys.ts',
        from: 'await noteMade(client, hold, made);',
        to: 'if (made === undefined) await noteMade(client, hold, made);',
      },
    ],
    tests: ['test/api/idempotency.test.ts'],
  },
  {
    name: 'anybody may write to a portfolio',
    edits: [
      {
        file: 'api/src/portfolio-access.ts',
        from: `if (portfolio.user_id !== userId) throw new AppError('ERR_OWNER_001');`,
        to: `if (userId === '') throw new AppError('ERR_OWNER_001');`,
      },
    ],
    tests: ['test/api/ownership.test.ts'],
  },
  {
    name: 'anybody may read a portfolio',
    edits: [
      {
        file: 'api/src/portfolio-access.ts',
        from: 'if (portfolio === null || portfolio.user_id !== userId) throw',
        to: `if (portfolio === null || userId === '') throw`,
      },
    ],
    tests: ['test/api/ownership.test.ts'],
  },
];
