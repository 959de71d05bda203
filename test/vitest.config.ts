// Test runner set-up: pure unit tests, proofs over corpora and hostile input, and flows with real Redis and real sockets.
import { defineConfig } from 'vitest/config';

/** Pure as unit tests are, and too slow to run before every commit. */
const proofs = ['test/unit/**/{corpora,hostile,conformance,large,turns}.test.ts'];

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/*.test.ts', 'test/unit/**/*.test.ts'],
          exclude: proofs,
          // Pure tests leave nothing behind, so files share a process and what it has imported: half the time.
          isolate: false,
          testTimeout: 10_000,
        },
      },
      { test: { name: 'proof', include: proofs, testTimeout: 60_000 } },
      {
        test: {
          name: 'flow',
          include: ['test/flow/**/*.test.ts', 'test/dialogs/**/*.test.ts', 'test/browser/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // What comes, comes; a busy machine takes its time.
          expect: { poll: { timeout: 15_000 } },
          // They wait as much as they work; a third would make those that measure time fail. After the others, which measure none.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      { test: { name: 'faults', include: ['test/faults/**/*.test.ts'], maxConcurrency: 20 } },
      {
        test: {
          name: 'world',
          include: ['test/world/*.test.ts'],
          testTimeout: 900_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'forged',
          include: ['test/forged/*.test.ts'],
          testTimeout: 900_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'upgrade',
          include: ['test/upgrade/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'clients',
          include: ['test/clients/**/*.test.ts'],
          globalSetup: 'test/clients/install.ts',
          testTimeout: 90_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
