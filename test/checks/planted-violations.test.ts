// The fences hold only while the check command reports who climbs over them: each rule is broken once, in a tree of its own.
import { beforeAll, describe, expect, it } from 'vitest';
import { checkTree, TIDY } from './sample-tree.js';

/** `files` break the rule; the check `by` must complain about the first of them in words that contain `says`. */
type Violation = Readonly<{ rule: string; by: string; says: string; files: Readonly<Record<string, string>> }>;

const VIOLATIONS: readonly Violation[] = [
  ...forbiddenImports(),
  {
    rule: 'no cycles',
    by: 'lint',
    says: 'no-cycle',
    files: {
      'shared/src/calc/hen.ts': "import { egg } from './egg.js';\n\nexport const hen = (): number => egg();\n",
      'shared/src/calc/egg.ts': "import { hen } from './hen.js';\n\nexport const egg = (): number => hen();\n",
    },
  },
  {
    rule: 'no cycles of types either',
    by: 'lint',
    says: 'no-cycle',
    files: {
      'shared/src/calc/lock.ts': "import type { Key } from './key.js';\n\nexport type Lock = Readonly<{ key: Key | null }>;\n",
      'shared/src/calc/key.ts': "import type { Lock } from './lock.js';\n\nexport type Key = Readonly<{ lock: Lock | null }>;\n",
    },
  },
  {
    rule: 'no barrels',
    by: 'lint',
    says: 'no-barrel-file',
    files: { 'shared/src/calc/measures.ts': "export * from './mean.js';\n" },
  },
  {
    rule: 'no promise is left floating',
    by: 'lint',
    says: 'no-floating-promises',
    files: { 'worker/src/floating.ts': "import { countQueues } from '@closebell/prisma/jobs';\n\ncountQueues();\n" },
  },
  {
    rule: 'no promise where none is awaited',
    by: 'lint',
    says: 'no-misused-promises',
    files: {
      'worker/src/misused.ts':
        "import { countQueues } from '@closebell/prisma/jobs';\n\nif (countQueues()) console.log('always');\n",
    },
  },
  {
    rule: 'a switch names every case',
    by: 'lint',
    says: 'switch-exhaustiveness-check',
    files: {
      'api/src/half-switch.ts': `export function weight(size: 'small' | 'large'): number {
  let weightKg = 0;
  switch (size) {
    case 'small':
      weightKg = 1;
  }
  return weightKg;
}
`,
    },
  },
  {
    rule: 'shared reads no clock (Date.now)',
    by: 'lint',
    says: 'the clock is an argument',
    files: { 'shared/src/calc/now.ts': 'export const now = (): number => Date.now();\n' },
  },
  {
    rule: 'shared reads no clock (new Date())',
    by: 'no clock in shared',
    says: 'the clock is an argument',
    files: { 'shared/src/calendar/today.ts': 'export const today = (): Date => new Date();\n' },
  },
  {
    rule: 'shared reads no env',
    by: 'lint',
    says: 'no env',
    files: { 'shared/src/settings.ts': "export const setting = (): string | undefined => process.env['SETTING'];\n" },
  },
  {
    rule: 'shared writes no log',
    by: 'lint',
    says: 'no log',
    files: { 'shared/src/stress/loud.ts': "export const loud = (): void => console.log('loud');\n" },
  },
  {
    rule: 'a file is at most 300 lines',
    by: 'lint',
    says: 'max-lines',
    files: { 'api/src/long.ts': Array.from({ length: 301 }, (_, n) => `console.log(${n});\n`).join('') },
  },
  {
    rule: 'a function is at most 60 lines',
    by: 'lint',
    says: 'max-lines-per-function',
    files: { 'api/src/tall.ts': `export function tall(): void {\n${'  console.log(1);\n'.repeat(60)}}\n` },
  },
  {
    rule: 'no default exports',
    by: 'lint',
    says: 'no-default-export',
    files: { 'api/src/faceless.ts': 'export default 1;\n' },
  },
  {
    rule: 'one format',
    by: 'format',
    says: 'crooked.ts',
    files: { 'api/src/crooked.ts': 'console.log( "crooked" )\n' },
  },
  {
    rule: 'no empty names',
    by: 'file names',
    says: 'name the file for the thing inside',
    files: { 'worker/src/utils.ts': "console.log('anything');\n" },
  },
  {
    rule: 'no export that nobody imports',
    by: 'unused',
    says: 'orphan',
    files: { 'prisma/src/lonely.ts': 'export const orphan = 1;\n' },
  },
  {
    rule: 'no file that nobody imports',
    by: 'unused',
    says: 'forgotten.ts',
    files: { 'test/support/forgotten.ts': "console.log('forgotten');\n" },
  },
  {
    rule: 'types agree',
    by: 'types',
    says: 'not assignable',
    files: { 'api/src/mistyped.ts': "export const count: number = 'three';\n" },
  },
];

describe('npm run check', () => {
  let report: ReturnType<typeof checkTree>;
  beforeAll(() => {
    report = checkTree(Object.assign({}, TIDY, ...VIOLATIONS.map(({ files }) => files)));
  });

  it('finds nothing in a tidy tree, and says how many checks passed', () => {
    const { exitCode, output } = checkTree(TIDY);
    expect(output).not.toContain('FAILED');
    expect(output).toMatch(/^\d+ passed, 0 failed$/m);
    expect(exitCode).toBe(0);
  });

  it('fails on an untidy one', () => {
    expect(report.output).toMatch(/^0 passed, \d+ failed$/m);
    expect(report.exitCode).toBe(1);
  });

  it.each(VIOLATIONS.map((violation) => [violation.rule, violation] as const))(
    'reports who breaks: %s',
    (_rule, { by, says, files }) => {
      const [file] = Object.keys(files);
      const complaints = section(report.output, by)
        .split(by === 'lint' ? /\n\s*\n/ : '\n')
        .filter((complaint) => complaint.includes(file!));
      expect(complaints.join('\n')).toContain(says);
    },
  );
});

/** What stands under the line of the failed check, up to the line of the next. */
function section(output: string, check: string): string {
  const from = output.indexOf(`FAILED ${check} (`);
  if (from === -1) return '';
  const rest = output.slice(from + 1);
  const end = rest.search(/^(FAILED|ok    ) .* \(\d+\.\d s\)$|^\d+ passed/m);
  return rest.slice(0, end);
}

function forbiddenImports(): readonly Violation[] {
  const cases: readonly (readonly [file: string, statement: string, says: string])[] = [
    ['shared/src/upward.ts', "import '@closebell/prisma/jobs';", 'no other room'],
    ['shared/src/climbing.ts', "import '../../prisma/src/jobs.js';", 'no other room'],
    ['shared/src/reading-files.ts', "import 'node:fs';", 'shared is pure'],
    ['shared/src/using-infra.ts', "import './infra/started-at.js';", 'impure corner'],
    ['shared/src/contracts/reaching-out.ts', "import 'express';", 'shared is pure'],
    ['shared/src/csv/reading-files.ts', "import 'fs';", 'csv is pure'],
    ['shared/src/infra/upward.ts', "import '@closebell/prisma/jobs';", 'no other room'],
    ['shared/src/calc/parsing.ts', "import 'zod';", 'import no package'],
    ['shared/src/calc/reading-files.ts', "import 'node:fs';", 'import no package'],
    ['shared/src/calendar/knowing-jobs.ts', "import '../jobs.js';", 'use only each other'],
    ['shared/src/stress/knowing-infra.ts', "import '../infra/started-at.js';", 'use only each other'],
    ['prisma/src/upward.ts', "import '@closebell/api/main';", 'prisma may import shared only'],
    ['api/src/sideways.ts', "import '@closebell/worker/main';", 'never worker'],
    ['api/src/sideways-later.ts', "await import('@closebell/worker/main');", 'never worker'],
    ['api/src/sideways-types.ts', "export type { Main } from '@closebell/worker/main';", 'never worker'],
    ['api/src/climbing.ts', "import '../../prisma/src/jobs.js';", 'imported by its name'],
    ['api/src/speaking-sql.ts', "import 'pg';", 'Only prisma/src speaks SQL'],
    ['worker/src/sideways.ts', "import '@closebell/api/main';", 'never api'],
    ['worker/src/speaking-sql.ts', "import '@prisma/client';", 'Only prisma/src speaks SQL'],
    ['test/climbing.test.ts', "import '../api/src/main.js';", 'imported by its name'],
  ];
  return cases.map(([file, statement, says]) => ({
    rule: `${file.slice(0, file.lastIndexOf('/'))} has no ${statement}`,
    by: 'lint',
    says,
    files: { [file]: `${statement}\n` },
  }));
}
