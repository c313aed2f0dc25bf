// Large and hostile files against the API as operators run it: read in a thread, each fault by its code, nobody else kept waiting.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '@closebell/shared/infra/free-port';
import { closeDb, createDb } from '@closebell/prisma/client';
import { withPrisma } from '@closebell/prisma/prisma-client';
import type { ErrorCode } from '@closebell/shared/errors';
import { readUpload } from '@closebell/shared/infra/read-upload';
import { createTestDatabase } from '../support/database.js';
import { spawnProgram, type Program } from '../support/programs.js';
import { testConfig } from '../support/worker.js';
import { send, type Answer } from './send.js';
import { NOW, siteOf, type Person, type Site } from './site.js';

const HEADER = 'Symbol,Quantity,Entry Price Per Share,Entry Date';
const ROWS = Array.from({ length: 100_000 }, (_, n) => `S${n},100,150.25,2024-01-16`).join('\n');
const LARGE = Buffer.from(`${HEADER}\n${ROWS}\n`);

let program: Program;
let site: Site;
let person: Person;

beforeAll(async () => {
  const { url: databaseUrl } = await createTestDatabase();
  const port = await freePort();
  const env = { ENVIRONMENT: 'test', DATABASE_URL: databaseUrl, PORT: String(port), RATE_LIMITS: 'false', CLOSEBELL_NOW: NOW };
  const preload = new URL('../support/main-thread-delay.mjs', import.meta.url).href;
  program = spawnProgram(['node', '--import', preload, 'api/dist/main.js'], { env, readyWhen: 'Closebell API on' });
  await program.ready;
  const db = withPrisma(createDb({ databaseUrl, poolMax: 4, applicationName: 'test' }));
  site = await siteOf({ url: `http://127.0.0.1:${port}`, db, config: testConfig(), close: () => closeDb(db) });
  person = await site.person();
});
afterAll(async () => {
  await program.kill('SIGTERM');
  await site.close();
});

function preview(file: Uint8Array<ArrayBuffer>): Promise<Answer> {
  const body = new FormData();
  body.append('csv_file', new Blob([file]), 'positions.csv');
  return send(site.url, { method: 'post', path: '/api/v1/onboarding/preview', headers: person.headers, body });
}

const bytes = (text: string, encoding: BufferEncoding = 'utf8'): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Buffer.from(text, encoding));

describe('a hostile file', () => {
  const row = 'AAPL,1,2,2024-01-16';

  it.each<readonly [string, Uint8Array<ArrayBuffer>, ErrorCode]>([
    ['a zip archive named .csv', bytes('PK\u0003\u0004 and so on', 'latin1'), 'ERR_CSV_006'],
    ['NUL bytes', bytes(`${HEADER}\nA\0PL,1,2,2024-01-16`), 'ERR_CSV_006'],
    ['a quote that is never closed', bytes(`${HEADER}\n"AAPL,1,2,2024-01-16\n${'x\n'.repeat(1_000_000)}`), 'ERR_CSV_006'],
    ['UTF-16 without a byte order mark', bytes(`${HEADER}\n${row}`, 'utf16le'), 'ERR_CSV_006'],
    ['a million columns and none of ours', bytes(`${'x,'.repeat(1_000_000)}x\n${row}`), 'ERR_CSV_005'],
    ['nothing but line ends', bytes('\n'.repeat(4_000_000)), 'ERR_CSV_003'],
  ])('of %s is refused by its code', async (_, file, code) => {
    const { status, json } = await preview(file);
    expect(json).toMatchObject({ error: { code } });
    expect(status).toBe(400);
  });

  it.each<readonly [string, Uint8Array<ArrayBuffer>]>([
    ['UTF-8 with a byte order mark', bytes(`\ufeff${HEADER}\n${row}`)],
    ['UTF-16 with a byte order mark', bytes(`\ufeff${HEADER}\n${row}`, 'utf16le')],
    ['a million columns beside ours', bytes(`${HEADER}${',x'.repeat(1_000_000)}\n${row}`)],
  ])('of %s is read, or refused by a code', async (_, file) => {
    const { status, json } = await preview(file);
    if (status !== 200) expect(json).toMatchObject({ error: { code: expect.stringMatching(/^ERR_CSV_00[56]$/) as string } });
    else expect(json).toMatchObject({ rows_valid: 1 });
  });
});

describe('a file of 100,000 rows', () => {
  it('is read in a second by a thread', async () => {
    const upload = {
      bytes: LARGE,
      fileName: 'positions.csv',
      today: '2025-03-12',
      allowMultipleLots: false,
      positionsMax: 1_000,
    };
    const rounds: Readonly<{ wallMs: number; processorMs: number }>[] = [];
    for (let round = 0; round < 5; round++) {
      const [startedAt, spent] = [performance.now(), process.cpuUsage()];
      expect(await readUpload(upload, AbortSignal.timeout(30_000))).toMatchObject({ ok: true });
      const { user, system } = process.cpuUsage(spent);
      rounds.push({ wallMs: performance.now() - startedAt, processorMs: (user + system) / 1_000 });
    }
    const best = rounds.toSorted((a, b) => a.processorMs - b.processorMs)[0]!;
    console.log(`100,000 rows: ${best.wallMs.toFixed(0)} ms, of which the processor worked ${best.processorMs.toFixed(0)} ms`);
    // The processor's time, garbage collection on other cores included: the machine runs other tests beside.
    expect(best.processorMs).toBeLessThan(2_000);
  }, 60_000);

  it('keeps nobody waiting: the main thread is free within 50 ms in 99 of 100 cases', async () => {
    program.child.kill('SIGUSR2');
    for (let round = 0; round < 4; round++) {
      const { json } = await preview(new Uint8Array(LARGE));
      expect(json).toMatchObject({ importable: true, rows_valid: 100_000 });
    }
    await program.kill('SIGTERM');
    const line = /main thread: (\d+) samples, p99 ([\d.-]+) ms/.exec(program.output());
    console.log(line?.[0]);
    expect(Number(line?.[2])).toBeLessThan(50);
  }, 60_000);
});
