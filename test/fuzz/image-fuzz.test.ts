// Broken images in a real lane, in every decode mode. Each row ends as a result or as an error with a code. The lane
// survives (G3) and stays within its memory.
import { afterAll, expect, it } from 'vitest';
import { DECODE_MODES } from '#forebay/shared/tasks/image/decode-mode.js';
import type { RowOutcome } from '#forebay/shared/domain/row.js';
import { ERROR_CODES } from '#forebay/shared/errors.js';
import { startChildLane } from '#forebay/workers/lane-pool/child-lane.js';
import { LIMITS, oneByOne, peakMemoryMb, testFolder, type TestLane } from '../support/lanes.ts';
import { meanColourModel, writeModelFolder } from '../support/onnx/models.ts';
import { createRandom } from '../support/random.ts';
import { mutate, renderSeeds } from './mutate.ts';

const IMAGES = Number(process.env['FOREBAY_FUZZ_IMAGES'] ?? 500);
const SEED = Number(process.env['FOREBAY_FUZZ_SEED'] ?? 1);
const BATCH = 20;
const BATCH_MS = 60_000;
const SIDE = 8;
const MODES = DECODE_MODES;
/** A mutated header may claim any size. Larger images take more time and test nothing else. */
const MAX_PIXELS = 4_000_000;
const MB = 2 ** 20;
/** More memory than it takes to decode any image of MAX_PIXELS. */
const DECODE_BYTES = 128 * MB;
/** Maximum growth of a lane: the memory for decoding, what codec and kernel keep between images, and its heap. */
const GROWTH_MB = DECODE_BYTES / MB + 96 + 48 + 128;

const lanes: TestLane[] = [];
afterAll(async () => {
  for (const lane of lanes) {
    lane.kill();
    await lane.exited;
  }
});

async function startLane(): Promise<TestLane> {
  const model = writeModelFolder(
    testFolder(),
    meanColourModel({
      side: SIDE,
      classes: [
        [1, 0, 0],
        [0, 1, 0],
      ],
    }),
    {
      name: 'm',
      task: 'image-classification',
      preprocess: { resize: SIDE, crop: SIDE },
    },
  );
  const limits = {
    ...LIMITS,
    maxPixels: MAX_PIXELS,
    maxDecodeBytes: DECODE_BYTES,
    decodeBudgetBytes: DECODE_BYTES,
  };
  const lane = oneByOne(startChildLane({ index: 0, uvThreads: 2, limits }));
  lanes.push(lane);
  await lane.load({ model: 'm', ...model, threads: 1 });
  return lane;
}

it(
  'each broken image gets a result or a coded error, in one lane that never dies',
  async () => {
    const random = createRandom(SEED);
    const seeds = await renderSeeds();
    const lane = await startLane();
    const { pid } = lane;
    const loadedMb = peakMemoryMb(pid!);
    const codes = new Map<string, number>();
    for (let first = 0; first < IMAGES; first += BATCH) {
      const rows = Array.from({ length: Math.min(BATCH, IMAGES - first) }, () => ({
        bytes: mutate(random, seeds),
      }));
      const decode = MODES[(first / BATCH) % MODES.length]!;
      const { outcomes } = await inTime(lane.run({ model: 'm', rows, options: { top_k: 1, decode } })).catch(
        async (error: unknown) => {
          const culprits = await Promise.all(rows.map(async ({ bytes }) => killer(bytes, decode)));
          throw new Error(
            `seed ${SEED}, images from ${first}, ${decode}: ${culprits.filter(Boolean).join('\n')}`,
            {
              cause: error,
            },
          );
        },
      );
      expect(outcomes).toHaveLength(rows.length);
      const grownMb = peakMemoryMb(pid!) - loadedMb;
      expect(grownMb, `seed ${SEED}, MB after images from ${first}`).toBeLessThan(GROWTH_MB);
      for (const [i, outcome] of outcomes.entries()) {
        const code = judged(outcome, `seed ${SEED}, image ${first + i}, ${decode}`);
        codes.set(code, (codes.get(code) ?? 0) + 1);
      }
    }
    process.stderr.write(
      `fuzz: ${IMAGES} images, ${JSON.stringify(Object.fromEntries(codes))}, lane grew by ${Math.round(peakMemoryMb(pid!) - loadedMb)} MB\n`,
    );
    expect(lane.pid).toBe(pid);
    expect(codes.get('ok') ?? 0).toBeGreaterThan(0);
  },
  60_000 + IMAGES * 40,
);

function judged(outcome: RowOutcome, where: string): string {
  if (outcome.ok) {
    const { predictions } = JSON.parse(`{${outcome.result}}`) as { predictions: { score: number }[] };
    expect(Number.isFinite(predictions[0]!.score), where).toBe(true);
    return 'ok';
  }
  const { code, message } = outcome.error;
  expect(ERROR_CODES, where).toContain(code);
  expect(code, `${where}: ${message}`).not.toBe('internal');
  return code;
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  let late: NodeJS.Timeout;
  const hung = new Promise<never>((_, reject) => {
    late = setTimeout(() => reject(new Error(`no answer in ${BATCH_MS} ms`)), BATCH_MS);
  });
  return Promise.race([work, hung]).finally(() => clearTimeout(late));
}

/** If a new lane fails on the image, returns the error and the image in base64. */
async function killer(bytes: Uint8Array, decode: (typeof MODES)[number]): Promise<string | null> {
  const lane = await startLane();
  try {
    await inTime(lane.run({ model: 'm', rows: [{ bytes }], options: { top_k: 1, decode } }));
    return null;
  } catch (error) {
    return `${String(error)}: ${Buffer.from(bytes).toString('base64')}`;
  } finally {
    lane.kill();
  }
}
