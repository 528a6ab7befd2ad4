// Processes are killed, frozen, disconnected or delayed, run out of disk, or have a wrong clock. The job ends with
// exactly the rows of an undisturbed run and leaves nothing behind (G1, G4, INV-1, INV-3, INV-4, INV-5, INV-10).
// `npm run test:chaos` runs more seeds.
import { beforeAll, expect, it } from 'vitest';
import type { ChaosJob } from './job.ts';
import { mountSmallDisk } from './full-disk.ts';
import type { Outcome } from './outcome.ts';
import type { PlaceKind } from './places.ts';
import { FAULT_KINDS, planOf, planText, STORE_FAULT_KINDS } from './plan.ts';
import { noAzurite } from '../support/azurite.ts';
import { noSeaweedfs } from '../support/seaweedfs.ts';
import { runSeed, runUndisturbed } from './run-seed.ts';
import { runSituation, SITUATIONS } from './situations.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const number = (name: string, fallback: number) => Number(process.env[name] ?? fallback);
const WORKERS = 2;
const SEEDS = number('FOREBAY_CHAOS_SEEDS', 1);
const FIRST = number('FOREBAY_CHAOS_FIRST', 3);
const FAULTS = number('FOREBAY_CHAOS_FAULTS', 4);
const JOB: ChaosJob = {
  rows: number('FOREBAY_CHAOS_ROWS', 3_600),
  blockRows: number('FOREBAY_CHAOS_BLOCK_ROWS', 60),
};
const SEED_MS = 400_000;
/** The number of seeds that each run one situation of situations.ts. Successive seeds run different situations. */
const BETWEEN = number('FOREBAY_CHAOS_BETWEEN', 1);

/** Where outputs are. Situations always use the disk. */
const PLACE = (process.env['FOREBAY_CHAOS_PLACE'] ?? 'disk') as PlaceKind;

let expected: Outcome;
let kinds = FAULT_KINDS;
beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'forebay-mount-'));
  const disk = mountSmallDisk(folder);
  disk?.unmount();
  rmSync(folder, { recursive: true, force: true });
  if (disk === null) {
    kinds = FAULT_KINDS.filter((kind) => kind !== 'fill_disk');
    process.stderr.write('chaos: no disk is filled, because this user may not mount a tmpfs\n');
  }
  const missing = { disk: null, s3: noSeaweedfs, azure: noAzurite }[PLACE];
  if (missing !== null) throw new Error(missing);
  if (PLACE !== 'disk') kinds = STORE_FAULT_KINDS;
  expected = await runUndisturbed(JOB, WORKERS, PLACE);
}, SEED_MS);

it.for(Array.from({ length: SEEDS }, (_, i) => FIRST + i))(
  'a disturbed job ends with exactly the rows of an undisturbed run: seed %i',
  { timeout: SEED_MS },
  async (seed) => {
    const plan = planOf(seed, { workers: WORKERS, faults: FAULTS, kinds });
    const { wrong, logs, seconds } = await runSeed(plan, JOB, expected, WORKERS, PLACE);
    process.stderr.write(
      `chaos: seed ${seed} ${wrong.length === 0 ? 'passed' : 'FAILED'} in ${seconds.toFixed(0)} s\n`,
    );
    const again = `npm run test:chaos -- --seed ${seed} --rows ${JOB.rows} --faults ${FAULTS} --place ${PLACE}`;
    expect(wrong, `${again}\nplan: ${planText(plan)}\n${wrong.join('\n')}\n${logs}`).toEqual([]);
  },
);

it.for(Array.from({ length: BETWEEN }, (_, i) => FIRST + i))(
  'jobs, clients and tenants do not disturb each other while processes fail: seed %i',
  { timeout: SEED_MS },
  async (seed) => {
    const situation = SITUATIONS[seed % SITUATIONS.length]!;
    const { wrong, logs, seconds } = await runSituation(situation, seed, JOB, expected, kinds);
    process.stderr.write(
      `chaos: seed ${seed}, ${situation}, ${wrong.length === 0 ? 'passed' : 'FAILED'} in ${seconds.toFixed(0)} s\n`,
    );
    const again = `npm run test:chaos -- --seeds 0 --between 1 --first ${seed} --rows ${JOB.rows}`;
    expect(wrong, `${again}\n${wrong.join('\n')}\n${logs}`).toEqual([]);
  },
);
