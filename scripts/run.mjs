// Sets the checkout up, then runs a compiled program in this very process, with the variables of the file .env beside package.json,
// where there is one; what the environment says wins.
// node scripts/run.mjs [--without-env-file] worker/dist/main.js [arguments]
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const ENV_FILE = path.join(ROOT, '.env');
const WITHOUT_ENV_FILE = '--without-env-file';
const PARENT_POLL_MS = 300;

if (process.env.npm_lifecycle_event) stopWithParent(process.ppid);
await import('./setup.mjs');
if (process.exitCode) process.exit();

const usesEnvFile = process.argv[2] !== WITHOUT_ENV_FILE;
const [program, ...args] = process.argv.slice(usesEnvFile ? 2 : 3);
if (usesEnvFile && existsSync(ENV_FILE)) process.loadEnvFile(ENV_FILE);
// The program sees its own name and arguments, as if it had been run without this file.
process.argv = [process.argv[0], path.join(ROOT, program), ...args];
await import(pathToFileURL(process.argv[1]).href);

/** A signal to npm ends the shell between npm and us, and the shell passes nothing on: its end is the sign to stop. */
function stopWithParent(parent) {
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, PARENT_POLL_MS);
  watch.unref();
}
