// Tests run against dist/ (what ships), through the package's own "#forebay/" imports.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Only a test that hangs takes so long. A busy machine needs a minute for what an idle one does in seconds.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // Many tests wait for a process to start or to end, so two cores have time for a third file.
    maxWorkers: 3,
    // Each file has a process of its own, so only the order within files can matter. Vitest starts the slowest files first.
    sequence: { shuffle: { files: false, tests: true } },
  },
});
