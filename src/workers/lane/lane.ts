/**
 * A lane's one thread: batches in order of arrival, each read, decoded, inferred and answered. While one
 * runs, exactly one more is decoded ahead, by threads that the blocking run does not stop.
 */
import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RowOutcome } from '../../shared/domain/row.ts';
import { ForebayError, messageOf } from '../../shared/errors.ts';
import type { BatchRequest, FromLane, LoadRequest, ToLane } from './messages.ts';
import type { DecodedRow, OpenBatch } from './models/open-batch.ts';
import type { ResidentModel } from './models/resident-model.ts';

export interface LaneThread {
  handle(message: ToLane): void;
}

interface PendingBatch {
  readonly request: BatchRequest;
  readonly receivedAt: number;
  /** Null until decoding has begun. */
  decoding: Promise<DecodedBatch> | null;
}

interface DecodedBatch {
  readonly open: OpenBatch | undefined;
  readonly rows: readonly DecodedRow[];
  readonly at: number;
}

/** Batches whose decoding may be under way: the one that runs and the next. */
const DECODED_AT_MOST = 2;

export function createLaneThread(options: {
  loadModel(request: LoadRequest): Promise<ResidentModel>;
  /** What reading rows has cost since the last call. */
  takeReadCounts(): { readonly bytes: number; readonly ms: number };
  send(message: FromLane): void;
  /** Called once after `close`, when every batch received before it is answered. */
  onClosed(): void;
}): LaneThread {
  const models = new Map<string, ResidentModel>();
  /** Oldest first; the first is the one being executed. */
  const batches: PendingBatch[] = [];
  let running = false;
  let closing = false;

  function handle(message: ToLane): void {
    if (message.type === 'load') return void load(message);
    if (message.type === 'close') closing = true;
    else batches.push({ request: message, receivedAt: performance.now(), decoding: null });
    decodeAhead();
    if (!running) void runAll();
  }

  async function load(request: LoadRequest): Promise<void> {
    const { model } = request;
    try {
      const loaded = await options.loadModel(request);
      await models.get(model)?.release();
      models.set(model, loaded);
      options.send({ type: 'loaded', model, info: loaded.info });
    } catch (error) {
      const code = error instanceof ForebayError ? error.code : 'model_load_failed';
      options.send({ type: 'load_failed', model, error: { code, message: messageOf(error) } });
    }
  }

  function decodeAhead(): void {
    for (const batch of batches.slice(0, DECODED_AT_MOST)) batch.decoding ??= decodeBatch(batch.request);
  }

  async function decodeBatch({ model, rows, decode }: BatchRequest): Promise<DecodedBatch> {
    const open = models.get(model)?.open(rows.length, decode);
    const decoded = await Promise.all(
      rows.map(async (row, slot) => open?.decode(slot, row) ?? notLoaded(model)),
    );
    return { open, rows: decoded, at: performance.now() };
  }

  async function runAll(): Promise<void> {
    running = true;
    while (batches.length > 0) {
      const batch = batches[0]!;
      const decoded = await batch.decoding!;
      // The run blocks: a batch that has arrived meanwhile must get in, and its decoding under way, before.
      await nextTurn();
      const done = await execute(batch, decoded);
      batches.shift();
      decodeAhead();
      options.send(done);
    }
    running = false;
    if (closing) await close();
  }

  async function execute({ request, receivedAt }: PendingBatch, decoded: DecodedBatch): Promise<FromLane> {
    const start = performance.now();
    const good = decoded.rows.flatMap((row, slot) => (row.ok ? [slot] : []));
    const ran = await decoded.open?.run(good, request.topK);
    const answers = ran?.outcomes.values();
    const outcomes = decoded.rows.map((row): RowOutcome => (row.ok ? answers!.next().value! : row));
    const { prepareMs, inferMs, postMs } = ran?.timings ?? { prepareMs: 0, inferMs: 0, postMs: 0 };
    const read = options.takeReadCounts();
    const timings = {
      readMs: read.ms,
      bytes: read.bytes,
      decodeMs: decoded.at - receivedAt,
      waitMs: start - decoded.at,
      prepareMs,
      inferMs,
      postMs,
    };
    return { type: 'done', batch: request.batch, outcomes, timings };
  }

  async function close(): Promise<void> {
    for (const model of models.values()) await model.release();
    models.clear();
    options.onClosed();
  }

  return { handle };
}

function notLoaded(model: string): DecodedRow {
  const message = `model "${model}" is not loaded in this lane (this is a bug in Forebay, please report it)`;
  return { ok: false, error: { code: 'inference_failed', message } };
}
