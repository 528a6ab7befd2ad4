/** Entry of a decode thread. decode-threads.ts starts it. Prepares rows of batches, one at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import { InvariantError } from '../../../shared/errors.ts';
import { createDecoderFactory } from '../image/decode/decoders.ts';
import type { Geometry } from '../image/decode/geometry.ts';
import { createImagePreparer, type ImagePreparer, type ImageSpec } from '../image/image-preparer.ts';
import { createSharedImages } from '../image/shared-images.ts';
import { createSharedMemory } from '../out-of-memory.ts';
import { createBookedDecoding } from './booked-decoding.ts';
import { createSharedBudget } from './shared-budget.ts';
import type {
  DoneImage,
  DoneRow,
  FromThread,
  PlacedRow,
  ThreadBatch,
  ThreadShare,
  ThreadStart,
  ToThread,
} from './thread-messages.ts';
import { createThreadRowBytes } from './thread-row-bytes.ts';

if (parentPort === null) throw new InvariantError('a decode thread was started as a process');
const port = parentPort;
const { limits, held, decoding } = workerData as ThreadStart;

const { decodeBudgetBytes, maxHeldBytes } = limits;
const { budget, exclusively } = createBookedDecoding(
  createSharedBudget(decoding, decodeBudgetBytes),
  decodeBudgetBytes,
);
const rowBytes = createThreadRowBytes(limits, createSharedBudget(held, maxHeldBytes));
const createDecoder = createDecoderFactory(limits, { budget, memory: createSharedMemory(exclusively) });

/** By the specs of models that share images, so that models that are loaded again find what they used before. */
const preparers = new Map<string, readonly ImagePreparer[]>();

function preparersOf(specs: readonly ImageSpec[]): readonly ImagePreparer[] {
  const key = JSON.stringify(specs);
  const known = preparers.get(key);
  if (known !== undefined) return known;
  const sharedImages = specs.length === 1 ? undefined : createSharedImages();
  const made = specs.map((spec) => createImagePreparer(spec, { rowBytes, createDecoder, sharedImages }));
  preparers.set(key, made);
  return made;
}

async function prepareShare({ batch, targets, rows, next }: ThreadBatch): Promise<ThreadShare> {
  const shared = preparersOf(targets.map(({ spec }) => spec));
  const open = targets.map(({ tensor, decode }, i) => {
    const geometries: Geometry[] = [];
    return { geometries, prepare: shared[i]!.open(tensor, geometries, decode) };
  });

  /** One model after the other, so that the others find the image that the first one has decoded. */
  async function prepareRow({ row, places }: PlacedRow): Promise<DoneRow['images']> {
    const images: (DoneImage | undefined)[] = [];
    for (const [i, at] of places.entries()) {
      if (at === undefined) continue;
      const { prepare, geometries } = open[i]!;
      const error = await prepare(at, row);
      images[i] = { error, geometry: geometries[at] };
    }
    return images;
  }

  const done: DoneRow[] = [];
  for (;;) {
    const index = Atomics.add(next, 0, 1);
    const placed = rows[index];
    if (placed === undefined) break;
    const images = await prepareRow(placed);
    const { opened, digest } = 'path' in placed.row ? placed.row : {};
    done.push({ index, images, opened, digest });
  }
  return { batch, done, bytes: rowBytes.takeBytes() };
}

let last = Promise.resolve();
port.on('message', (message: ToThread) => {
  if (message.type === 'load') preparersOf([message.spec]);
  else last = last.then(async () => send(await prepareShare(message)));
});
send('ready');

function send(message: FromThread): void {
  port.postMessage(message);
}
