/**
 * A lane's one thread: batches in order of arrival, each read, decoded, inferred and answered. While one
 * runs, exactly one more is decoded ahead, by threads that the blocking run does not stop.
 */
import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RowOutcome } from '../../shared/domain/row.ts';
import { ForebayError, messageOf } from '../../shared/errors.ts';
import { createHelperThreads } from './helper-threads.ts';
import type { LaneClock } from './lane-clock.ts';
import type { BatchRequest, BatchTimings, FromLane, LoadRequest, ToLane } from './messages.ts';
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
  decoded: boolean;
}

interface DecodedBatch {
  readonly open: OpenBatch | undefined;
  readonly rows: readonly DecodedRow[];
}

interface Resident {
  readonly model: ResidentModel;
  /** Intra-op threads of its calls. */
  readonly threads: number;
}

/** Batches whose decoding may be under way: the one that runs and the next. */
const DECODED_AT_MOST = 2;

export function createLaneThread(options: {
  /** Images that are decoded while nobody waits for them are charged by their decoders. */
  clock: LaneClock;
  loadModel(request: LoadRequest): Promise<ResidentModel>;
  /** What reading rows has cost since the last call. */
  takeReadCounts(): { readonly bytes: number; readonly ms: number };
  send(message: FromLane): void;
  /** Called once after `close`, when every batch received before it is answered. */
  onClosed(): void;
}): LaneThread {
  const models = new Map<string, Resident>();
  const { clock } = options;
  const helpers = createHelperThreads();
  /** Oldest first; the first is the one being executed. */
  const batches: PendingBatch[] = [];
  let running = false;
  let closing = false;

  function handle(message: ToLane): void {
    if (message.type === 'load') return void load(message);
    if (message.type === 'unload') return void unload(message.model);
    if (message.type === 'close') closing = true;
    else batches.push({ request: message, receivedAt: performance.now(), decoding: null, decoded: false });
    decodeAhead();
    if (!running) void runAll();
  }

  async function load(request: LoadRequest): Promise<void> {
    const { model } = request;
    try {
      const loaded = await options.loadModel(request);
      await models.get(model)?.model.release();
      models.set(model, { model: loaded, threads: request.threads });
      // A lane that holds nothing is not idle for want of rows.
      if (batches.length === 0) clock.take();
      options.send({ type: 'loaded', model, info: loaded.info });
    } catch (error) {
      const code = error instanceof ForebayError ? error.code : 'model_load_failed';
      options.send({ type: 'load_failed', model, error: { code, message: messageOf(error) } });
    }
  }

  async function unload(name: string): Promise<void> {
    const resident = models.get(name);
    models.delete(name);
    await resident?.model.release();
  }

  function decodeAhead(): void {
    const wanted = batches.slice(0, DECODED_AT_MOST).filter((batch) => batch.decoding === null);
    if (wanted.length === 0) return;
    clock.during('decode', () => {
      for (const batch of wanted) batch.decoding = decodeBatch(batch);
    });
  }

  async function decodeBatch(batch: PendingBatch): Promise<DecodedBatch> {
    const { model, rows, decode } = batch.request;
    const open = models.get(model)?.model.open(rows.length, decode);
    const decoding = rows.map((row, slot) => open?.decode(slot, row) ?? notLoaded(model));
    // All of them, as small images are: a promise for each would cost them more than a message does.
    const decoded = decoding.every(isDecoded)
      ? decoding
      : await Promise.all(decoding.map(async (row) => row));
    batch.decoded = true;
    return { open, rows: decoded };
  }

  async function runAll(): Promise<void> {
    running = true;
    while (batches.length > 0) {
      const batch = batches[0]!;
      clock.enter('decode');
      const decoded = await batch.decoding!;
      if (batches[1]?.decoded !== false) clock.enter('rest');
      // The run blocks: a batch that has arrived meanwhile must get in, and its decoding under way, before.
      await nextTurn();
      const done = await execute(batch, decoded);
      batches.shift();
      decodeAhead();
      options.send(done);
    }
    clock.enter('idle');
    running = false;
    if (closing) await close();
  }

  async function execute(
    { request, receivedAt }: PendingBatch,
    { open, rows }: DecodedBatch,
  ): Promise<FromLane> {
    clock.enter('run');
    const waitedMs = performance.now() - receivedAt;
    const helpersSince = helpers.start();
    const good = rows.flatMap((row, slot) => (row.ok ? [slot] : []));
    const ran = await open?.run(good, request.topK);
    const file = models.get(request.model)?.model.changedFile() ?? null;
    if (file !== null) return { type: 'stale', batch: request.batch, file };
    const answers = ran?.outcomes.values();
    const outcomes = rows.map((row): RowOutcome => (row.ok ? answers!.next().value! : row));
    const { prepareMs, postMs, ...wall } = ran?.timings ?? { prepareMs: 0, inferMs: 0, postMs: 0 };
    clock.enter('rest');
    const { idle, decode, run, rest } = clock.take();
    // Before the model has the thread, images of the next batch may: the clock has them apart.
    const inferMs = Math.min(wall.inferMs, Math.max(0, run - prepareMs - postMs));
    const modelHelpersMs = ((models.get(request.model)?.threads ?? 1) - 1) * inferMs;
    const read = options.takeReadCounts();
    const timings: BatchTimings = {
      idleMs: idle,
      // Files are opened where decoding begins.
      readMs: Math.min(read.ms, decode),
      decodeMs: Math.max(0, decode - read.ms),
      bytes: read.bytes,
      prepareMs,
      inferMs,
      postMs,
      restMs: rest + Math.max(0, run - prepareMs - inferMs - postMs),
      decodeAheadMs: Math.max(0, helpersSince() - modelHelpersMs),
      laneWaitMs: Math.max(0, waitedMs - decode),
    };
    return { type: 'done', batch: request.batch, outcomes, timings };
  }

  async function close(): Promise<void> {
    for (const { model } of models.values()) await model.release();
    models.clear();
    options.onClosed();
  }

  return { handle };
}

function isDecoded(row: DecodedRow | Promise<DecodedRow>): row is DecodedRow {
  return !(row instanceof Promise);
}

function notLoaded(model: string): DecodedRow {
  const message = `model "${model}" is not loaded in this lane (this is a bug in Forebay, please report it)`;
  return { ok: false, error: { code: 'inference_failed', message } };
}
