// The programs of docs/clients.md, run as they stand there against an API and a worker.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createProviders } from '@closebell/worker/market-data/providers';
import { startWorker } from '@closebell/worker/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestApp, TEST_PASSWORD, type TestApp } from '../support/app.js';
import { ROOT } from '../support/programs.js';
import { testConfig, workerContextBeside } from '../support/worker.js';

const run = promisify(execFile);
const DONE = /^run (?:completed|partial), net asset value [\d.]+\n$/;

const hasRequests = await run('python3', ['-c', 'import requests']).then(
  () => true,
  () => false,
);

let app: TestApp;
let worker: Awaited<ReturnType<typeof startWorker>>;
let folder: string;
let env: Record<string, string>;

beforeAll(async () => {
  app = await startTestApp({ marketNow: new Date('2025-06-20T22:00:00Z') });
  const config = testConfig();
  const providers = createProviders(config, app.context.clock);
  worker = await startWorker(workerContextBeside({ ...app.context, config }, providers), { schedules: false });
  folder = await mkdtemp(join(tmpdir(), 'closebell-clients-'));
  const CLOSEBELL_EMAIL = await app.register();
  env = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    CLOSEBELL_URL: app.url,
    CLOSEBELL_EMAIL,
    CLOSEBELL_PASSWORD: TEST_PASSWORD,
  };
});
afterAll(async () => {
  await worker.stop();
  await app.close();
  await rm(folder, { recursive: true });
});

async function snippet(language: string): Promise<string> {
  const text = await readFile(join(ROOT, 'docs/clients.md'), 'utf8');
  const code = new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 's').exec(text)?.[1];
  if (code === undefined) throw new Error(`docs/clients.md has no program in ${language}`);
  return code;
}

it('the TypeScript client does the main job', async () => {
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await writeFile(join(folder, 'client.ts'), await snippet('ts'));
  const [compiler, typeRoots] = [join(ROOT, 'node_modules/typescript/bin/tsc'), join(ROOT, 'node_modules/@types')];
  const options = [
    '--ignoreConfig',
    '--strict',
    '--target',
    'es2022',
    '--module',
    'nodenext',
    '--typeRoots',
    typeRoots,
    '--types',
    'node',
  ];
  await run(process.execPath, [compiler, ...options, join(folder, 'client.ts')]);
  const file = join(folder, 'client.js');
  expect((await run(process.execPath, [file], { env, timeout: 60_000 })).stdout).toMatch(DONE);
}, 90_000);

it.skipIf(!hasRequests)(
  'the Python client does the main job',
  async () => {
    const file = join(folder, 'client.py');
    await writeFile(file, await snippet('python'));
    expect((await run('python3', [file], { env: { ...process.env, ...env }, timeout: 60_000 })).stdout).toMatch(DONE);
  },
  90_000,
);
