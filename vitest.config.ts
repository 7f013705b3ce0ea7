import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // The example imports the package by its name; its tests run on the source, and need no build.
  resolve: {
    alias: [
      { find: /^onehost$/, replacement: fileURLToPath(new URL('./src/index.ts', import.meta.url)) },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    // Two cores, and tests that start processes of their own: more files at once would only wait.
    maxWorkers: 2,
    // Ten times what the slowest takes on a quiet machine: a busy one must not look like a bug.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
