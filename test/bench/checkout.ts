// Where the checkout begins, seen from the sources as from what they are compiled to.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const CHECKOUT = folderWith('pnpm-workspace.yaml', path.dirname(fileURLToPath(import.meta.url)));

/** Figures of others that tests compare with; beside the project, and no part of it. */
export const SHARED_DATA = process.env['CLOSEBELL_SHARED_DATA'] ?? path.join(CHECKOUT, '../shared/data');

function folderWith(file: string, folder: string): string {
  if (existsSync(path.join(folder, file))) return folder;
  if (path.dirname(folder) === folder) throw new Error(`${file} is in no folder above`);
  return folderWith(file, path.dirname(folder));
}
