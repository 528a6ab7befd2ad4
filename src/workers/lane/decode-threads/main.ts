/** Entry of a decode thread. decode-threads.ts starts it. Prepares rows of batches, one at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import { InvariantError } from '../../../shared/errors.ts';
import { createDecoderFactory } from '../image/decode/decoders.ts';
import type { Geometry } from '../image/decode/geometry.ts';
import { createImagePreparer, type ImagePreparer, type ImageSpec } from '../image/image-preparer.ts';
import { createSharedMemory } from '../out-of-memory.ts';
import { createBookedDecoding } from './booked-decoding.ts';
import { createSharedBudget } from './shared-budget.ts';
import type {
  DoneRow,
  FromThread,
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

/** By spec, so that a model that is loaded again finds what it used before. */
const preparers = new Map<string, ImagePreparer>();

function preparerOf(spec: ImageSpec): ImagePreparer {
  const key = JSON.stringify(spec);
  const known = preparers.get(key);
  if (known !== undefined) return known;
  const made = createImagePreparer(spec, { rowBytes, createDecoder });
  preparers.set(key, made);
  return made;
}

async function prepareShare({ batch, spec, decode, rows, next, tensor }: ThreadBatch): Promise<ThreadShare> {
  const geometries: Geometry[] = [];
  const prepare = preparerOf(spec).open(tensor, geometries, decode);
  const done: DoneRow[] = [];
  for (let placed = rows[Atomics.add(next, 0, 1)]; placed; placed = rows[Atomics.add(next, 0, 1)]) {
    const { at, row } = placed;
    const error = await prepare(at, row);
    const { opened, digest } = 'path' in row ? row : {};
    done.push({ at, error, geometry: geometries[at], opened, digest });
  }
  return { batch, done, bytes: rowBytes.takeBytes() };
}

let last = Promise.resolve();
port.on('message', (message: ToThread) => {
  if (message.type === 'load') preparerOf(message.spec);
  else last = last.then(async () => send(await prepareShare(message)));
});
send('ready');

function send(message: FromThread): void {
  port.postMessage(message);
}
