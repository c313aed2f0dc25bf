// A small tree of the same rooms, with the project's real check script and configuration, in which violations can be planted.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Path in the tree, content. */
export type Files = Readonly<Record<string, string>>;

const REPOSITORY = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
const CONFIGURATION = [
  'scripts/check.mjs',
  '.oxlintrc.json',
  '.oxfmtrc.json',
  'knip.json',
  'tsconfig.json',
  'tsconfig.base.json',
];
const ROOMS = ['shared', 'prisma', 'api', 'worker', 'test'] as const;

/** What each room of the sample depends on: with more, the check for unused dependencies would rightly complain. */
const DEPENDENCIES: Readonly<Record<(typeof ROOMS)[number], readonly string[]>> = {
  shared: [],
  prisma: ['@closebell/shared'],
  api: ['@closebell/shared', '@closebell/prisma'],
  worker: ['@closebell/shared', '@closebell/prisma'],
  test: ['@closebell/shared'],
};

/** Keeps every rule. */
export const TIDY: Files = {
  'shared/src/jobs.ts': "export const QUEUES = ['imports', 'calculations'] as const;\n",
  'shared/src/calc/mean.ts': `/** The arithmetic mean; null when there is nothing to average. */
export function mean(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
`,
  'shared/src/infra/started-at.ts': `export function startedAt(): Date {
  return new Date(Date.now() - process.uptime() * 1000);
}
`,
  'prisma/src/jobs.ts': `import { QUEUES } from '@closebell/shared/jobs';

export async function countQueues(): Promise<number> {
  return await Promise.resolve(QUEUES.length);
}
`,
  'api/src/main.ts': `import { countQueues } from '@closebell/prisma/jobs';
import { startedAt } from '@closebell/shared/infra/started-at';

console.log(await countQueues(), startedAt());
`,
  'worker/src/main.ts': `import { countQueues } from '@closebell/prisma/jobs';
import { mean } from '@closebell/shared/calc/mean';

console.log(mean([await countQueues()]));
`,
  'test/rooms.test.ts': "import { QUEUES } from '@closebell/shared/jobs';\n\nconsole.log(QUEUES);\n",
};

/** Writes the tree to a folder of its own, runs the check there, and gives what it printed. */
export function checkTree(files: Files): Readonly<{ exitCode: number | null; output: string }> {
  const root = mkdtempSync(path.join(tmpdir(), 'closebell-check-'));
  try {
    layOut(root);
    for (const [file, content] of Object.entries(files)) write(root, file, content);
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/check.mjs'], {
      cwd: root,
      encoding: 'utf8',
      timeout: 60_000,
      env: { ...process.env, NO_COLOR: '1' },
    });
    return { exitCode: status, output: stdout + stderr };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function layOut(root: string): void {
  for (const file of CONFIGURATION) cpSync(path.join(REPOSITORY, file), path.join(root, file));
  symlinkSync(path.join(REPOSITORY, 'node_modules'), path.join(root, 'node_modules'));
  write(root, 'package.json', json({ name: 'sample', private: true, type: 'module', workspaces: ROOMS }));
  for (const room of ROOMS) {
    cpSync(path.join(REPOSITORY, room, 'tsconfig.json'), path.join(root, room, 'tsconfig.json'));
    write(root, `${room}/package.json`, json(manifest(room)));
    mkdirSync(path.join(root, room, 'node_modules', '@closebell'), { recursive: true });
    for (const other of ROOMS) symlinkSync(path.join(root, other), path.join(root, room, 'node_modules', '@closebell', other));
  }
  spawnSync(process.execPath, ['node_modules/oxfmt/bin/oxfmt'], { cwd: root, stdio: 'ignore' });
}

function manifest(room: (typeof ROOMS)[number]): unknown {
  const compiled = room === 'prisma' ? './dist/src' : './dist';
  return {
    name: `@closebell/${room}`,
    private: true,
    type: 'module',
    ...(room === 'test' ? {} : { exports: { './*': { types: `${compiled}/*.d.ts`, default: `${compiled}/*.js` } } }),
    dependencies: Object.fromEntries(DEPENDENCIES[room].map((name) => [name, 'workspace:*'])),
  };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function write(root: string, file: string, content: string): void {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  writeFileSync(path.join(root, file), content);
}
