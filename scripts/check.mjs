// Everything about the sources that a machine can judge: types, lint with the fences between the rooms, format, dead code, names.
// Prints one line per check and, under one that failed, what it says. Exit code 1 when any failed.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const ROOMS = ['shared', 'prisma', 'api', 'worker', 'test'];
const SKIPPED_FOLDERS = new Set(['node_modules', 'dist', 'generated', 'fixtures', 'coverage']);

/** Names that say nothing about what is inside: a thing stands next to its use, under its noun. */
const EMPTY_NAMES = /^(utils?|helpers?|common|misc|managers?|service|types|index)(\.test)?\.m?[jt]sx?$/;
/** The one clock reading that lint cannot tell from a conversion: a Date of nothing. */
const CLOCK = /\bnew Date\(\s*\)|(?<!new )\bDate\(\s*\)/;

/** Types come first and alone: the other checks read what the compiler emits. */
const TYPES = { name: 'types', run: () => program('typescript/bin/tsc', ['-b']) };
const OTHERS = [
  { name: 'lint', run: () => program('oxlint/bin/oxlint', ['--type-aware', '--deny-warnings']) },
  { name: 'format', run: () => program('oxfmt/bin/oxfmt', ['--check']) },
  { name: 'unused', run: () => program('knip/bin/knip.js', ['--no-progress', '--no-config-hints']) },
  { name: 'file names', run: async () => emptyNames() },
  { name: 'no clock in shared', run: async () => clockReadings() },
];

const results = [await perform(TYPES), ...(await Promise.all(OTHERS.map(perform)))];
for (const { name, complaint, seconds } of results) {
  console.log(`${complaint === '' ? 'ok    ' : 'FAILED'} ${name} (${seconds.toFixed(1)} s)`);
  if (complaint !== '') console.log(complaint);
}
const failed = results.filter(({ complaint }) => complaint !== '').length;
console.log(`${results.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

async function perform({ name, run }) {
  const startedAt = performance.now();
  const complaint = await run();
  return { name, complaint, seconds: (performance.now() - startedAt) / 1000 };
}

/** What the program printed when it failed; '' when it had nothing to complain about. */
async function program(file, args) {
  const child = spawn(process.execPath, [path.join(ROOT, 'node_modules', file), ...args], { cwd: ROOT });
  let output = '';
  child.stdout.on('data', (data) => (output += data));
  child.stderr.on('data', (data) => (output += data));
  return await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code === 0 ? '' : output.trim() || `exit code ${code}`));
  });
}

function emptyNames() {
  return ROOMS.flatMap(filesUnder)
    .filter((file) => EMPTY_NAMES.test(path.basename(file)))
    .map((file) => `${file}: name the file for the thing inside`)
    .join('\n');
}

function clockReadings() {
  return filesUnder('shared/src')
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.startsWith('shared/src/infra/'))
    .flatMap((file) => linesOf(file).map((line, index) => ({ place: `${file}:${index + 1}`, line })))
    .filter(({ line }) => CLOCK.test(line))
    .map(({ place }) => `${place}: shared is pure: the clock is an argument`)
    .join('\n');
}

function linesOf(file) {
  return readFileSync(path.join(ROOT, file), 'utf8').split('\n');
}

function filesUnder(folder) {
  return readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = `${folder}/${entry.name}`;
    if (!entry.isDirectory()) return [file];
    return SKIPPED_FOLDERS.has(entry.name) ? [] : filesUnder(file);
  });
}
