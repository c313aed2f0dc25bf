// Shows that the tests bite: in a copy of the checkout it takes out one safeguard after the other and demands that the tests named beside
// it fail. A pattern as argument picks some by their names. Exit code 1 when any stayed green, or a safeguard is no longer where the table says.
// npm run test:bite [-- 'fence|claim']
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { SABOTAGES } from './sabotages.mjs';

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');

const chosen = SABOTAGES.filter(({ name }) => new RegExp(process.argv[2] ?? '').test(name));
if (chosen.length === 0) {
  console.error(`no sabotage has a name like ${process.argv[2]}:\n${SABOTAGES.map(({ name }) => name).join('\n')}`);
  process.exit(1);
}
const copy = mkdtempSync(path.join(tmpdir(), 'closebell-bite-'));
process.on('exit', () => rmSync(copy, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
process.exitCode = await biteAll(chosen);

/** The exit code. */
async function biteAll(sabotages) {
  copyCheckout();
  for (const sabotage of sabotages) sabotage.edits.forEach(findOnce);
  await setUp();
  const files = [...new Set(sabotages.flatMap(({ tests }) => tests))];
  const untouched = await runTests(files);
  if (!untouched.isGreen) {
    console.error(['untouched, the tests fail already:', ...untouched.failures].join('\n'));
    return 1;
  }
  const width = Math.max(...sabotages.map(({ name }) => name.length));
  console.log(`${'sabotage'.padEnd(width)} | red? | tests`);
  let passed = 0;
  for (const sabotage of sabotages) {
    const isRed = await bites(sabotage);
    console.log(`${sabotage.name.padEnd(width)} | ${isRed ? 'red ' : 'GREEN'} | ${sabotage.tests.join(' ')}`);
    if (isRed) passed++;
  }
  console.log(`${passed} passed, ${sabotages.length - passed} failed`);
  return passed === sabotages.length ? 0 : 1;
}

/** What git would keep, as it stands now. */
function copyCheckout() {
  const list = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: ROOT, encoding: 'utf8' });
  for (const file of list.split('\0')) {
    if (file !== '' && existsSync(path.join(ROOT, file))) cpSync(path.join(ROOT, file), path.join(copy, file));
  }
}

async function setUp() {
  const { code, output } = await program(['scripts/setup.mjs']);
  if (code !== 0) throw new Error(`the copy could not be set up:\n${output}`);
}

async function bites({ edits, tests }) {
  const before = new Map(edits.map(({ file }) => [file, readFileSync(path.join(copy, file), 'utf8')]));
  for (const edit of edits) {
    const file = path.join(copy, edit.file);
    writeFileSync(
      file,
      findOnce(edit).replace(edit.from, () => edit.to),
    );
  }
  try {
    await setUp();
    return (await runTests(tests, ['--bail=1'])).failures.length > 0;
  } finally {
    for (const [file, text] of before) writeFileSync(path.join(copy, file), text);
  }
}

/** The file's text, in which the text of the edit stands once. */
function findOnce({ file, from }) {
  const text = readFileSync(path.join(copy, file), 'utf8');
  const count = text.split(from).length - 1;
  if (count !== 1) throw new Error(`${file} holds this ${count} times, not once; mend the table of sabotages:\n${from}`);
  return text;
}

/** A run that does not come to its tests is neither green nor red. */
async function runTests(files, options = []) {
  const reportFile = path.join(copy, 'node_modules', '.test-bite.json');
  rmSync(reportFile, { force: true });
  const report = ['--reporter=json', `--outputFile=${reportFile}`];
  const { output } = await program(['node_modules/vitest/vitest.mjs', 'run', ...files, ...options, ...report]);
  if (!existsSync(reportFile)) throw new Error(`the tests did not run:\n${output}`);
  const { success, numTotalTests, testResults } = JSON.parse(readFileSync(reportFile, 'utf8'));
  if (numTotalTests === 0) throw new Error(`no test was found in ${files.join(' ')}:\n${output}`);
  const failures = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === 'failed')
    .map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages[0]?.split('\n')[0]}`);
  return { isGreen: success, failures };
}

async function program(args) {
  // A group of its own: a run that is ended at its first failure leaves workers behind, which go with the group.
  const child = spawn(process.execPath, args, { cwd: copy, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const endGroup = () => {
    try {
      process.kill(-Number(child.pid), 'SIGKILL');
    } catch {
      // Nobody is left.
    }
  };
  process.once('exit', endGroup);
  let output = '';
  child.stdout.on('data', (data) => (output += data));
  child.stderr.on('data', (data) => (output += data));
  return await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', endGroup);
    child.on('close', (code) => {
      process.off('exit', endGroup);
      resolve({ code, output });
    });
  });
}
