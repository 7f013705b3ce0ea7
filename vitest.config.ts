import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Two cores, and tests that start processes of their own: more files at once would only wait.
    maxWorkers: 2,
    // Ten times what the slowest takes on a quiet machine: a busy one must not look like a bug.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
