// Tests run against dist/ (what ships), through the package's own "#forebay/" imports.
import { join } from 'node:path';
import { configDefaults, defineConfig } from 'vitest/config';
import { LongFilesFirst } from './test/support/long-files-first.ts';
import { useOwnTemporaryFolder } from './test/support/own-temporary-folder.ts';
import { filesThatStartProcesses } from './test/support/process-starters.ts';
import { SkippedReporter } from './test/support/skipped-reporter.ts';

useOwnTemporaryFolder();

const UNIT = 'test/unit/**/*.test.ts';
const DIST = new RegExp(`^${join(import.meta.dirname, 'dist').replaceAll(/[^\w/]/g, String.raw`\$&`)}/`);
const STARTERS = filesThatStartProcesses();

export default defineConfig({
  test: {
    // Only a test that hangs takes so long. A busy machine needs a minute for what an idle one does in seconds.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // Many tests wait for a process to start or to end, so two cores have time for two more files.
    maxWorkers: 4,
    // Node loads the compiled files as it does in production. Vite would compile each of them again for each test file.
    server: { deps: { external: [DIST] } },
    reporters: ['default', new SkippedReporter()],
    sequence: { shuffle: { files: false, tests: true }, sequencer: LongFilesFirst },
    // Projects run in the order of their names. So the many short files come last and leave no core idle at the end.
    projects: [
      {
        extends: true,
        // Each file has a process of its own, so only the order within files can matter.
        test: { name: 'service', include: STARTERS },
      },
      {
        extends: true,
        test: {
          name: 'system',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, UNIT, ...STARTERS],
          // See "unit".
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'unit',
          include: [UNIT],
          // Files share processes, because a new process costs more than most of these files. They keep no state behind.
          isolate: false,
        },
      },
    ],
  },
});
