// docs/security.md names the tests that prove it: each must be there.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../support/programs.js';

it('names tests that exist', async () => {
  const text = await readFile(join(ROOT, 'docs/security.md'), 'utf8');
  const files = [...text.matchAll(/`((?:test|shared|api)\/[\w/.-]+\.ts)`((?:,? “[^”]+”)*)/g)];
  expect(files.length).toBeGreaterThan(20);
  const missing: string[] = [];
  for (const [, file, names] of files) {
    if (!existsSync(join(ROOT, file!))) missing.push(file!);
    else {
      const source = await readFile(join(ROOT, file!), 'utf8');
      const quoted = [...names!.matchAll(/“([^”]+)”/g)].map(([, name]) => name!);
      missing.push(...quoted.filter((name) => !source.includes(name)).map((name) => `${file}: ${name}`));
    }
  }
  expect(missing).toEqual([]);
});
