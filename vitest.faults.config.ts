import { defineConfig } from 'vitest/config';

// The long part of the fault suite: real processes, killed and frozen. One file at a time, so that they do not starve each other.
const conditions = ['source', 'node'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['test/faults/**/*.test.ts'],
    exclude: ['test/faults/embedded-postgres.test.ts', '**/node_modules/**', '**/dist/**'],
    globalSetup: ['test/support/global-setup.ts'],
    fileParallelism: false,
    testTimeout: 45 * 60_000,
    hookTimeout: 5 * 60_000,
    disableConsoleIntercept: true,
  },
});
