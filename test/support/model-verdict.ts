// What must hold after the last step of a model run: of runs, uploads and figures, by the model and by the reference.
import { submitJob } from '@closebell/prisma/jobs';
import { damage, drained, NO_DAMAGE, NOTHING_UNDER_WAY, underWay } from './invariants.js';
import { figuresOf } from './ledger.js';
import { LAST_SESSION, UPLOADED_EQUITY, UPLOADED_LOTS, type ModelLedger } from './model-ledger.js';
import type { Reference } from './model-reference.js';
import type { Site } from './model-site.js';
import { QUIET_WITHIN_MS, type Model } from './model-commands.js';
import { until } from './until.js';
import { ended } from './worker.js';

/** Empty when all is well. The workers run; what a cancel or a lost worker left undone is computed on the way. */
export async function verdict(model: Model, site: Site, reference: Reference): Promise<readonly string[]> {
  const { db } = site;
  await drained(db, QUIET_WITHIN_MS);
  const findings = [
    ...(await wrongEnds(model, site)),
    ...(await unsettledPortfolios(model, site)),
    ...(await missingSessions(site)),
    ...(await wrongImports(model, site)),
    ...(await wrongTotals(site)),
  ];
  await completeFigures(site);
  await until('claims are released or run out', async () => (await underWay(db)).heldClaims === 0, 10_000);
  findings.push(...differences('under way', await drained(db, QUIET_WITHIN_MS), NOTHING_UNDER_WAY));
  findings.push(...differences('damage', await damage(db), NO_DAMAGE));
  return [...findings, ...(await wrongFigures(model, site, reference))];
}

function differences(what: string, found: Readonly<Record<string, number>>, wanted: Readonly<Record<string, number>>) {
  return Object.keys(wanted)
    .filter((key) => found[key] !== wanted[key])
    .map((key) => `${what}: ${key} is ${found[key]}`);
}

type RunEnd = Readonly<{ id: string; kind: string; status: string; code: string | null; has_lost_part: boolean }>;

/** A run ends completed, but for one that was cancelled, lost its worker five times, or is a batch of which a part did. */
async function wrongEnds({ runs }: Model, { db }: Site): Promise<readonly string[]> {
  const { rows } = await db.pool.query<RunEnd>(
    `SELECT root.id, root.kind, root.status, root.error->>'code' AS code,
       EXISTS (SELECT 1 FROM jobs part WHERE part.run_id = root.id AND part.error->>'code' = 'ERR_JOB_001') AS has_lost_part
     FROM jobs root WHERE root.id = ANY($1)`,
    [[...runs.keys()]],
  );
  const found = new Map(rows.map((row) => [row.id, row]));
  return [...runs].flatMap(([id, { mayBeCancelled }]) => {
    const end = found.get(id);
    if (end === undefined) return [`run ${id} is gone`];
    const isAllowed =
      end.status === 'completed' ||
      (end.status === 'cancelled' && mayBeCancelled) ||
      (end.has_lost_part && end.status !== 'cancelled');
    return isAllowed ? [] : [`run ${id} (${end.kind}) ended ${end.status} ${end.code ?? ''}`];
  });
}

/** Whose last change was answered with a run that has completed, has no figures that are void. */
async function unsettledPortfolios({ portfolios }: Model, { db }: Site): Promise<readonly string[]> {
  const changed = portfolios.filter(({ changeRun }) => changeRun !== null);
  const { rows } = await db.pool.query<{ id: string; dirty_from: string; run_id: string }>(
    `SELECT p.id, dirty_from, asked.run_id FROM unnest($1::uuid[], $2::uuid[]) AS asked (portfolio_id, run_id)
     JOIN portfolios p ON p.id = asked.portfolio_id JOIN jobs ON jobs.id = asked.run_id
     WHERE jobs.status = 'completed' AND dirty_from IS NOT NULL`,
    [changed.map(({ id }) => id), changed.map(({ changeRun }) => changeRun)],
  );
  return rows.map(
    (row) => `portfolio ${row.id} is dirty from ${row.dirty_from} though run ${row.run_id} of its change completed`,
  );
}

/** A completed calculation leaves the figures of its session. */
async function missingSessions({ db }: Site): Promise<readonly string[]> {
  const { rows } = await db.pool.query<{ id: string; session: string }>(
    `SELECT id, payload->>'sessionDate' AS session FROM jobs WHERE kind = 'calculate-portfolio' AND status = 'completed' AND NOT EXISTS (
       SELECT 1 FROM portfolio_snapshots WHERE is_complete AND portfolio_id = (payload->>'portfolioId')::uuid
         AND snapshot_date = (payload->>'sessionDate')::date)`,
  );
  return rows.map(({ id, session }) => `run ${id} completed without figures of ${session}`);
}

type ImportEnd = Readonly<{
  id: string;
  status: string;
  job_status: string;
  account_name: string;
  portfolios: number;
  lots: number;
}>;

/** Of the uploads of one account name exactly one made the portfolio with all its lots, unless every one of them was cancelled. */
async function wrongImports({ uploads }: Model, { db }: Site): Promise<readonly string[]> {
  const { rows } = await db.pool.query<ImportEnd>(
    `SELECT i.id, i.status, job.status AS job_status, request->>'account_name' AS account_name,
       (SELECT count(*) FROM portfolios p WHERE p.account_name = request->>'account_name') AS portfolios,
       (SELECT count(*) FROM positions WHERE portfolio_id = i.portfolio_id) AS lots
     FROM imports i JOIN jobs job ON job.kind = 'import-positions' AND job.payload->>'importId' = i.id::text`,
  );
  const findings = rows.length === uploads.length ? [] : [`${uploads.length} uploads and ${rows.length} imports`];
  for (const name of new Set(uploads.map(({ accountName }) => accountName))) {
    const own = rows.filter((row) => row.account_name === name);
    const made = own.filter(({ status }) => status === 'completed');
    const isDecided = own.some((row) => row.job_status === 'completed');
    if (made.length > 1 || (isDecided && made.length === 0)) findings.push(`${made.length} imports of ${name} were accepted`);
    if (own.some(({ portfolios }) => portfolios !== made.length)) findings.push(`other than ${made.length} portfolios ${name}`);
    if (made.some(({ lots }) => lots !== UPLOADED_LOTS.length)) findings.push(`not every lot of ${name} is there`);
  }
  return findings;
}

type Totals = Readonly<{
  id: string;
  result: Readonly<Record<string, number>> & Readonly<{ skipped: Readonly<Record<string, number>> }>;
}>;

async function wrongTotals({ db }: Site): Promise<readonly string[]> {
  const { rows } = await db.pool.query<Totals>(
    `SELECT id, result FROM jobs WHERE kind = 'run-batch' AND status IN ('completed', 'partial')`,
  );
  return rows
    .filter(({ result: { processed, succeeded = 0, partial = 0, failed = 0, skipped } }) => {
      const skippedTotal = Object.values(skipped).reduce((sum, count) => sum + count, 0);
      return processed !== succeeded + partial + failed + skippedTotal;
    })
    .map(({ id, result }) => `the totals of batch ${id} do not add up: ${JSON.stringify(result)}`);
}

/** Asks once more for every portfolio without figures, with void ones, or with a slot that an ended run left open. */
async function completeFigures({ db }: Site): Promise<void> {
  const { rows } = await db.pool.query<{ id: string }>(
    `SELECT id FROM portfolios p WHERE dirty_from IS NOT NULL
       OR NOT EXISTS (SELECT 1 FROM portfolio_snapshots s WHERE s.portfolio_id = p.id AND is_complete)
       OR EXISTS (SELECT 1 FROM portfolio_snapshots s WHERE s.portfolio_id = p.id AND NOT is_complete)
       OR NOT EXISTS (SELECT 1 FROM portfolio_risk r WHERE r.portfolio_id = p.id
         AND session_date = (SELECT max(snapshot_date) FROM portfolio_snapshots s WHERE s.portfolio_id = p.id))`,
  );
  for (const { id: portfolioId } of rows) {
    const payload = { portfolioId, sessionDate: LAST_SESSION };
    const { jobId } = await submitJob(db.pool, 'calculate-portfolio', payload, { trigger: 'user' });
    const { status, error } = await ended(db, jobId, QUIET_WITHIN_MS);
    if (status !== 'completed') throw new Error(`the last calculation of ${portfolioId} ended ${status}: ${error?.message}`);
  }
}

/** Each portfolio by the model's ledger: what the reference has for it, to the byte. */
async function wrongFigures(model: Model, { db }: Site, reference: Reference): Promise<readonly string[]> {
  const findings: string[] = [];
  for (const { id, ledger } of await ledgersOf(model, db)) {
    const { rows } = await db.pool.query<{ last: string }>(
      `SELECT max(snapshot_date) AS last FROM portfolio_snapshots WHERE portfolio_id = $1`,
      [id],
    );
    const [found, expected] = [await figuresOf(db, id), await reference.figures(ledger, rows[0]!.last)];
    if (found !== expected) findings.push(`portfolio ${id} has other figures: ${firstDifference(found, expected)}`);
  }
  return findings;
}

async function ledgersOf(
  { portfolios, uploads }: Model,
  db: Site['db'],
): Promise<readonly Readonly<{ id: string; ledger: ModelLedger }>[]> {
  const { rows } = await db.pool.query<{ id: string }>(
    `SELECT portfolio_id AS id FROM imports WHERE id = ANY($1) AND status = 'completed'`,
    [uploads.map(({ importId }) => importId)],
  );
  const ledger = { asOf: LAST_SESSION, equity: UPLOADED_EQUITY, lots: UPLOADED_LOTS, flows: [] };
  return [...portfolios, ...rows.map(({ id }) => ({ id, ledger }))];
}

function firstDifference(found: string, expected: string): string {
  const [ours, theirs] = [found.split('\n'), expected.split('\n')];
  const at = ours.findIndex((line, index) => line !== theirs[index]);
  return `${ours.length} lines against ${theirs.length}; first\n  ${ours[at]}\n  ${theirs[at]}`;
}
