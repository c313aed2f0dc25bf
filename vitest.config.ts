import { defineConfig } from 'vitest/config';

// Packages are read from their sources (condition "source"), so that coverage and stack traces name the files people edit.
const conditions = ['source', 'node'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    testTimeout: 30_000,
    hookTimeout: 120_000,
    // Two files at a time, also on two cores: most of a test's time is another process's, or waiting.
    maxWorkers: 2,
    coverage: {
      provider: 'v8',
      include: ['shared/src/**/*.ts', 'prisma/src/**/*.ts', 'prisma/*.ts', 'api/src/**/*.ts', 'worker/src/**/*.ts'],
      exclude: ['**/*.test.ts', '**/generated/**', 'prisma/prisma.config.ts'],
      reporter: ['text-summary'],
    },
    projects: [
      {
        extends: true,
        test: { name: 'units', include: ['{shared,prisma,api,worker}/src/**/*.test.ts', 'test/checks/**/*.test.ts'] },
      },
      {
        extends: true,
        test: {
          name: 'services',
          include: ['test/**/*.test.ts'],
          // The long fault tests have a configuration of their own: `npm run test:faults`.
          exclude: ['test/checks/**', 'test/faults/!(embedded-postgres).test.ts', '**/node_modules/**', '**/dist/**'],
          globalSetup: ['test/support/global-setup.ts'],
        },
      },
    ],
  },
});
