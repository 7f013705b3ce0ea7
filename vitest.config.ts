import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Two cores, and tests that start processes of their own: more files at once would only wait.
    maxWorkers: 2,
    testTimeout: 20_000,
  },
});
