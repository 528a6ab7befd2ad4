/**
 * `npm run test:chaos [-- --seeds N] [--first SEED] [--seed SEED] [--between N] [--rows N] [--faults N]
 * [--place disk|s3|azure]`: the long form of chaos.test.ts. With `s3` or `azure`, images and outputs are on a server,
 * which is killed, slowed and throttled, too. `--between` is the number of seeds for the situations in situations.ts.
 * A failing seed prints the command that repeats it.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10' },
    first: { type: 'string', default: '1' },
    seed: { type: 'string' },
    between: { type: 'string', default: '0' },
    rows: { type: 'string', default: '20000' },
    faults: { type: 'string', default: '6' },
    place: { type: 'string', default: 'disk' },
  },
});
const { status } = spawnSync('npx', ['--no-install', 'vitest', 'run', 'test/chaos'], {
  stdio: 'inherit',
  env: {
    ...process.env,
    FOREBAY_CHAOS_SEEDS: values.seed === undefined ? values.seeds : '1',
    FOREBAY_CHAOS_FIRST: values.seed ?? values.first,
    FOREBAY_CHAOS_BETWEEN: values.between,
    FOREBAY_CHAOS_ROWS: values.rows,
    FOREBAY_CHAOS_FAULTS: values.faults,
    FOREBAY_CHAOS_PLACE: values.place,
  },
});
process.exit(status ?? 1);
