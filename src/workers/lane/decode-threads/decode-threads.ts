/**
 * Threads that prepare the images of a lane's next batch while the lane's own thread is inside the model. They write into
 * shared memory, and take rows without asking the lane's thread, which the model blocks.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { RowError } from '../../../shared/domain/row.ts';
import { InvariantError } from '../../../shared/errors.ts';
import type { RowLimits } from '../../../shared/files/row-limits.ts';
import { jpegCodecOf } from '../image/decode/decoders.ts';
import type { ImagePreparer, ImageSpec } from '../image/image-preparer.ts';
import type { SharedImages } from '../image/shared-images.ts';
import type { EncodedRow } from '../rows/row-bytes.ts';
import { gatherRows, type AddRow, type GatheredBatch, type TargetErrors } from './gathered-rows.ts';
import { budgetMemory } from './shared-budget.ts';
import type { FromThread, ThreadShare, ThreadStart, ToThread } from './thread-messages.ts';

export interface DecodeThreads {
  /** Resolves when every thread has loaded its libraries. Until then, a thread may run out of memory. */
  readonly ready: Promise<unknown>;
  /**
   * The tensors of its batches must be in shared memory. `shared`: the same for all models that get the same rows. If they
   * prepare a row in the same turn of the event loop, it is decoded once for all of them, where their configs allow it.
   */
  preparerOf(spec: ImageSpec, shared?: SharedImages): ImagePreparer;
  /** Encoded bytes that the threads have read since the last call. */
  takeBytes(): number;
}

/** A batch that threads work on. */
interface Underway {
  /** Threads that have not answered yet. */
  left: number;
  readonly batch: GatheredBatch;
  readonly errors: readonly Map<number, RowError>[];
  readonly resolve: (errors: TargetErrors) => void;
}

const ENTRY = new URL('./main.js', import.meta.url);

/** `onDeath`: called if a thread ends, which is never planned. Its rows then stay without an answer. */
export function createDecodeThreads(options: {
  readonly count: number;
  readonly limits: RowLimits;
  readonly onDeath: (why: string) => void;
}): DecodeThreads {
  const { count, limits, onDeath } = options;
  const workerData: ThreadStart = { limits, held: budgetMemory(), decoding: budgetMemory() };
  const threads = Array.from({ length: count }, () => startThread());
  const ready = Promise.all(threads.map(async (thread) => once(thread, 'message')));
  const underway = new Map<number, Underway>();
  let lastBatch = 0;
  let bytes = 0;
  /** The first thread for the next batch. A small batch does not need all threads, so they take turns. */
  let first = 0;

  function startThread(): Worker {
    // Like the watchdog, a thread inherits no preloads.
    const thread = new Worker(ENTRY, { workerData, execArgv: [] });
    thread.on('message', (message: FromThread) => {
      if (message !== 'ready') receive(message);
    });
    thread.on('error', (error) => onDeath(error.message));
    thread.on('exit', (code) => onDeath(`it ended with code ${code}`));
    // An idle thread must not keep a closed lane alive.
    thread.unref();
    return thread;
  }

  function receive({ batch, done, bytes: read }: ThreadShare): void {
    const of = underway.get(batch);
    if (of === undefined) throw new InvariantError(`a decode thread answered the unknown batch ${batch}`);
    bytes += read;
    for (const { index, images, opened, digest } of done) {
      const { row, places } = of.batch.rows[index]!;
      if ('path' in row) {
        row.opened = opened;
        row.digest = digest;
      }
      for (const [i, image] of images.entries()) {
        if (image === undefined) continue;
        const at = places[i]!;
        if (image.error !== null) of.errors[i]!.set(at, image.error);
        if (image.geometry !== undefined) of.batch.targets[i]!.geometries[at] = image.geometry;
      }
    }
    of.left -= 1;
    if (of.left > 0) return;
    underway.delete(batch);
    of.resolve(of.errors);
  }

  async function prepareAll(batch: GatheredBatch): Promise<TargetErrors> {
    const next = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const targets = batch.targets.map(({ spec, decode, tensor }) => ({ spec, decode, tensor }));
    const rows = batch.rows.map(({ row, places }) => ({ row: shared(row), places }));
    const message: ToThread = { type: 'batch', batch: ++lastBatch, targets, rows, next };
    const used = Math.min(count, rows.length);
    return new Promise((resolve) => {
      const errors = targets.map(() => new Map<number, RowError>());
      underway.set(lastBatch, { left: used, batch, errors, resolve });
      for (let i = 0; i < used; i++) threads[(first + i) % count]!.postMessage(message);
      first = (first + used) % count;
    });
  }

  /** By what the models share. */
  const gatherers = new WeakMap<SharedImages, AddRow>();

  function gathererOf(models: SharedImages | undefined): AddRow {
    const add = (models && gatherers.get(models)) ?? gatherRows(prepareAll);
    if (models !== undefined) gatherers.set(models, add);
    return add;
  }

  return {
    ready,
    preparerOf(spec, sharedImages) {
      const message: ToThread = { type: 'load', spec };
      for (const thread of threads) thread.postMessage(message);
      const add = gathererOf(sharedImages);
      return {
        jpeg: jpegCodecOf(spec.preprocess),
        open(tensor, geometries, decode) {
          const target = { spec, tensor, geometries, decode };
          return async (at, row) => add(target, at, row);
        },
      };
    },
    takeBytes() {
      const taken = bytes;
      bytes = 0;
      return taken;
    },
  };
}

/** Bytes in shared memory reach every thread without a copy for each. */
function shared(row: EncodedRow): EncodedRow {
  if (!('bytes' in row)) return row;
  const bytes = new Uint8Array(new SharedArrayBuffer(row.bytes.length));
  bytes.set(row.bytes);
  return { bytes };
}
