// Runs a compiled program with the variables of the file .env beside package.json, where there is one; what the environment says wins.
// node scripts/run.mjs api/dist/main.js [arguments]
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const ENV_FILE = path.join(ROOT, '.env');

if (existsSync(ENV_FILE)) process.loadEnvFile(ENV_FILE);
// The program sees its own name and arguments, as if it had been run without this file.
process.argv.splice(1, 1);
process.argv[1] = path.join(ROOT, process.argv[1]);
await import(pathToFileURL(process.argv[1]).href);
