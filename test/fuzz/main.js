/** `npm run test:fuzz [-- --requests N] [--images N] [--seed N]`: the long form of the fuzz tests. */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '100000' },
    images: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
  },
});
const { status } = spawnSync('npx', ['--no-install', 'vitest', 'run', 'test/fuzz'], {
  stdio: 'inherit',
  env: {
    ...process.env,
    FOREBAY_FUZZ_REQUESTS: values.requests,
    FOREBAY_FUZZ_IMAGES: values.images,
    FOREBAY_FUZZ_SEED: values.seed,
  },
});
process.exit(status ?? 1);
