// Brings a checkout to where it can run: packages installed, database client generated, sources compiled.
// Every npm script begins with it, so that one command on a fresh clone is enough. It runs before anything is installed:
// plain Node, no package. A step whose inputs have not changed since it last succeeded is skipped; then nothing is printed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const STAMP_FILE = path.join(ROOT, 'node_modules', '.closebell-setup');
const NODE_MIN = [20, 19];
const PNPM = 'pnpm@12.21.0';
const PACKAGES = ['shared', 'prisma', 'api', 'worker', 'test'];
const MANIFESTS = ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', ...PACKAGES.map((name) => `${name}/package.json`)];

/** In this order; `made` are files whose absence asks for the step however old its stamp. */
const STEPS = [
  {
    name: 'installing packages',
    inputs: () => [process.platform, process.arch, ...MANIFESTS.map(contentHash)],
    made: ['node_modules/.modules.yaml'],
    run: () => command(npx(), ['--yes', PNPM, 'install', '--frozen-lockfile'], { shell: process.platform === 'win32' }),
    advice: 'Is the npm registry reachable? When package.json was edited: npx pnpm@12.21.0 install',
  },
  {
    name: 'generating the database client',
    inputs: () => ['prisma/schema.prisma', 'prisma/prisma.config.ts', 'prisma/package.json'].map(contentHash),
    made: ['prisma/src/generated/client.ts'],
    run: () => command(process.execPath, ['node_modules/prisma/build/index.js', 'generate'], { cwd: path.join(ROOT, 'prisma') }),
    advice: 'Is there a mistake in prisma/schema.prisma?',
  },
  {
    name: 'compiling',
    inputs: () => ['tsconfig.base.json', ...['shared', 'prisma', 'api', 'worker'].flatMap(sources)].map(fileStamp),
    made: ['shared', 'prisma', 'api', 'worker'].map((name) => `${name}/dist/.tsbuildinfo`),
    run: () => command(process.execPath, ['node_modules/typescript/bin/tsc', '-b', 'api', 'worker']),
    advice: 'The sources do not compile as they stand.',
  },
];

process.exitCode = nodeIsTooOld() ?? setUp();

function nodeIsTooOld() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])) return undefined;
  console.error(`Closebell needs Node ${NODE_MIN.join('.')} or newer; this is ${process.version} at ${process.execPath}.`);
  return 1;
}

/** The exit code: that of the step that failed, or 0. */
function setUp() {
  for (const step of STEPS) {
    const stamp = createHash('sha256').update(step.inputs().join('\n')).digest('hex');
    if (readStamps()[step.name] === stamp && step.made.every((file) => existsSync(path.join(ROOT, file)))) continue;
    const exitCode = perform(step);
    if (exitCode !== 0) return exitCode;
    mkdirSync(path.dirname(STAMP_FILE), { recursive: true });
    writeFileSync(STAMP_FILE, JSON.stringify({ ...readStamps(), [step.name]: stamp }, null, 2));
  }
  return 0;
}

function perform(step) {
  const startedAt = performance.now();
  process.stderr.write(`${step.name} … `);
  const { status, signal, error, stdout, stderr } = step.run();
  if (status === 0) {
    process.stderr.write(`${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`);
    return 0;
  }
  const reason = error?.message ?? (signal ? `stopped by ${signal}` : `exit code ${status}`);
  process.stderr.write(`failed (${reason})\n${stdout ?? ''}${stderr ?? ''}\n${step.name} failed. ${step.advice}\n`);
  return status ?? (signal === 'SIGINT' ? 130 : 1);
}

function command(program, args, options = {}) {
  const env = {
    ...process.env,
    // Without a terminal pnpm would stop to ask before it replaces a folder of another pnpm.
    CI: 'true',
    npm_config_loglevel: 'error',
    // Prisma would download a native engine that `generate` never uses; any executable in its place satisfies it.
    PRISMA_SCHEMA_ENGINE_BINARY: process.env.PRISMA_SCHEMA_ENGINE_BINARY ?? process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
  };
  return spawnSync(program, args, { cwd: ROOT, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], ...options });
}

/** The npx of this very Node where there is one: a PATH may lead to another. */
function npx() {
  const beside = path.join(path.dirname(process.execPath), process.platform === 'win32' ? 'npx.cmd' : 'npx');
  return existsSync(beside) ? beside : 'npx';
}

function readStamps() {
  try {
    return JSON.parse(readFileSync(STAMP_FILE, 'utf8'));
  } catch {
    return {};
  }
}

function contentHash(file) {
  const full = path.join(ROOT, file);
  return existsSync(full) ? createHash('sha256').update(readFileSync(full)).digest('hex') : 'absent';
}

/** Reading every source would cost more than a step that has nothing to do may take. */
function fileStamp(file) {
  const { mtimeMs, size } = statSync(path.join(ROOT, file));
  return `${file} ${mtimeMs} ${size}`;
}

/** The TypeScript files of a package, its tsconfig.json among them. */
function sources(folder) {
  return readdirSync(path.join(ROOT, folder), { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules' && name !== 'dist')
    .flatMap((entry) => {
      const file = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return sources(file);
      return /\.ts$|^tsconfig\.json$/.test(entry.name) ? [file] : [];
    });
}
