// What the machine gives: Node, a folder to write to, room on the disk.
import { access, constants, statfs } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fault, messageOf, ok, warning, type Finding } from './finding.js';

const NODE_MIN = [20, 19] as const;
const FREE_WARNING_BYTES = 2 ** 30;
const FREE_FAULT_BYTES = 100 * 2 ** 20;

export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const isNewEnough = major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1]);
  return isNewEnough ? ok('Node', version) : fault('Node', `${version} is too old`, `Install ${NODE_MIN.join('.')} or newer`);
}

export async function checkDataFolder(dataDir: string): Promise<readonly Finding[]> {
  const dir = path.resolve(dataDir);
  const nearest = nearestExisting(dir);
  return [await checkWritable(dir, nearest), await checkSpace(nearest)];
}

async function checkWritable(dir: string, nearest: string): Promise<Finding> {
  try {
    await access(nearest, constants.W_OK);
    return ok('data folder', dir === nearest ? `${dir} can be written` : `${dir} is made when it is first needed`);
  } catch {
    return fault(
      'data folder',
      `${nearest} cannot be written`,
      'Start as its owner, or set CLOSEBELL_DATA_DIR to another folder',
    );
  }
}

async function checkSpace(nearest: string): Promise<Finding> {
  try {
    const { bavail, bsize } = await statfs(nearest);
    const freeBytes = bavail * bsize;
    const text = `${(freeBytes / 2 ** 30).toFixed(1)} GiB free at ${nearest}`;
    if (freeBytes < FREE_FAULT_BYTES) return fault('disk', text, 'Make room: a database that cannot write stops');
    return freeBytes < FREE_WARNING_BYTES ? warning('disk', text, 'Make room before it runs out') : ok('disk', text);
  } catch (error) {
    return warning('disk', `free space unknown: ${messageOf(error)}`, 'Look yourself');
  }
}

function nearestExisting(dir: string): string {
  return existsSync(dir) || path.dirname(dir) === dir ? dir : nearestExisting(path.dirname(dir));
}
