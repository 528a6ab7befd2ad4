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
import type { Geometry } from '../image/decode/geometry.ts';
import type { ImagePreparer, ImageSpec, PrepareImage } from '../image/image-preparer.ts';
import type { EncodedRow } from '../rows/row-bytes.ts';
import { budgetMemory } from './shared-budget.ts';
import type {
  FromThread,
  PlacedRow,
  ThreadBatch,
  ThreadShare,
  ThreadStart,
  ToThread,
} from './thread-messages.ts';

export interface DecodeThreads {
  /** Resolves when every thread has loaded its libraries. Until then, a thread may run out of memory. */
  readonly ready: Promise<unknown>;
  /** The tensors of its batches must be in shared memory. */
  preparerOf(spec: ImageSpec): ImagePreparer;
  /** Encoded bytes that the threads have read since the last call. */
  takeBytes(): number;
}

/** A batch that threads work on. */
interface Underway {
  /** Threads that have not answered yet. */
  left: number;
  readonly geometries: Geometry[];
  readonly errors: Map<number, RowError>;
  readonly rows: ReadonlyMap<number, EncodedRow>;
  readonly resolve: (errors: ReadonlyMap<number, RowError>) => void;
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
    for (const { at, error, geometry, opened, digest } of done) {
      if (error !== null) of.errors.set(at, error);
      const row = of.rows.get(at);
      if (row !== undefined && 'path' in row) {
        row.opened = opened;
        row.digest = digest;
      }
      if (geometry !== undefined) of.geometries[at] = geometry;
    }
    of.left -= 1;
    if (of.left > 0) return;
    underway.delete(batch);
    of.resolve(of.errors);
  }

  async function prepareAll(
    batch: Omit<ThreadBatch, 'type' | 'batch' | 'next'>,
    geometries: Geometry[],
  ): Promise<ReadonlyMap<number, RowError>> {
    const next = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const message: ToThread = { ...batch, type: 'batch', batch: ++lastBatch, next };
    const used = Math.min(count, batch.rows.length);
    return new Promise((resolve) => {
      const rows = new Map(batch.rows.map(({ at, row }) => [at, row]));
      underway.set(lastBatch, { left: used, geometries, errors: new Map(), rows, resolve });
      for (let i = 0; i < used; i++) threads[(first + i) % count]!.postMessage(message);
      first = (first + used) % count;
    });
  }

  /** Opens a batch. */
  function open(
    spec: ImageSpec,
    ...[tensor, geometries, decode]: Parameters<ImagePreparer['open']>
  ): PrepareImage {
    /** Rows of this turn of the event loop. They go to the threads together. */
    let rows: PlacedRow[] = [];
    let errors: Promise<ReadonlyMap<number, RowError>> | null = null;

    async function send(): Promise<ReadonlyMap<number, RowError>> {
      const message = { spec, tensor, decode, rows };
      rows = [];
      errors = null;
      return prepareAll(message, geometries);
    }

    return async (at, row) => {
      rows.push({ at, row: shared(row) });
      errors ??= Promise.resolve().then(send);
      return (await errors).get(at) ?? null;
    };
  }

  return {
    ready,
    preparerOf(spec) {
      const message: ToThread = { type: 'load', spec };
      for (const thread of threads) thread.postMessage(message);
      return { jpeg: jpegCodecOf(spec.preprocess), open: (...batch) => open(spec, ...batch) };
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
