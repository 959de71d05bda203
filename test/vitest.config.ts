// Test runner set-up: pure unit tests, and flows with real Redis and real sockets.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/*.test.ts', 'test/unit/**/*.test.ts'], testTimeout: 10_000 } },
      {
        test: {
          name: 'flow',
          include: ['test/flow/**/*.test.ts', 'test/dialogs/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
