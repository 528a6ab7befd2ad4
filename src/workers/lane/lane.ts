/**
 * A lane's own thread. It takes online batches first, the others by priority and arrival, and reads, decodes, infers
 * and answers each. While one batch runs, other threads decode at most one more, because a call of the model blocks only
 * this thread. Between two calls, and every few milliseconds of decoding, it receives messages, so that an online batch
 * waits for one call at most.
 */
import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { amongFailed, packOutcomes } from '../../shared/domain/outcomes.ts';
import type { RowError } from '../../shared/domain/row.ts';
import { TOO_LATE } from '../../shared/domain/too-late.ts';
import { ForebayError, InvariantError, messageOf } from '../../shared/errors.ts';
import { machineNow } from '../../shared/process/machine-clock.ts';
import type { ActivityClock } from './activity-clock.ts';
import { createAnnouncedBatch } from './announced-batch.ts';
import { decodeBatch, type DecodedBatch } from './decode-batch.ts';
import { createHelperThreads } from './helper-threads.ts';
import type { BatchRequest, BatchTimings, FromLane, LaneRequest, LoadRequest } from './messages.ts';
import type { Executor } from './executor.ts';
import { digestsOf, stampsOf } from './lane-rows.ts';
import { NO_TIME } from './models/inference.ts';
import { createSliceGate } from './slice-gate.ts';

export interface LaneThread {
  handle(message: LaneRequest): void;
}

/** `finishing`: it was told to close, and runs its remaining batches. */
type ThreadState = 'idle' | 'running' | 'finishing' | 'closed';

interface PendingBatch {
  readonly request: BatchRequest;
  readonly receivedAt: number;
  /** How many batches were put directly before it. */
  overtaken: number;
  /** Called when another batch is put before it. */
  onOvertaken: (() => void) | null;
  /**
   * `slicing`: this thread has not begun all of its rows. `begun`: it has, and other threads may still decode. `ended`:
   * the batch can run.
   */
  decoding:
    | { readonly is: 'waiting' }
    | { readonly is: 'slicing' | 'begun' | 'ended'; readonly result: Promise<DecodedBatch> };
}

interface Resident {
  readonly model: Executor;
  /** Intra-op threads of its calls. */
  readonly threads: number;
}

/**
 * At most this many batches are put directly before a batch of a block: online ones, and those of jobs with a better
 * priority. So a job still gets a fifth of the batches, however many online rows come.
 */
const MOST_OVERTAKEN = 4;
const ONLINE = { deadlines: new Float64Array() };
/** Batches that may be decoded at once: the running one and the next. */
const DECODED_AT_MOST = 2;

export function createLaneThread(options: {
  /** Decoders charge to it the work that they do after their call has returned. */
  clock: ActivityClock;
  loadModel(request: LoadRequest): Promise<Executor>;
  /** The cost of reading rows since the last call. */
  takeReadCounts(): { readonly bytes: number; readonly ms: number };
  send(message: FromLane): void;
  /** Called once after `close`, when every earlier batch is answered. */
  onClosed(): void;
}): LaneThread {
  const models = new Map<string, Resident>();
  const { clock } = options;
  const helpers = createHelperThreads();
  const announced = createAnnouncedBatch();
  const gate = createSliceGate();
  /** In the order of their execution. */
  const batches: PendingBatch[] = [];
  /** The first of the batches, once it runs. No other may go ahead of it. */
  let executing: PendingBatch | null = null;
  let state: ThreadState = 'idle';

  function move(to: ThreadState, ...from: readonly ThreadState[]): void {
    if (!from.includes(state)) throw new InvariantError(`a lane's thread went from ${state} to ${to}`);
    state = to;
  }

  function handle(message: LaneRequest): void {
    if (message.type === 'load') return void load(message);
    if (message.type === 'unload') return void unload(message.model);
    if (message.type === 'coming') return announced.announce();
    if (message.type === 'close') return close();
    announced.arrived();
    enqueue({
      request: message,
      receivedAt: performance.now(),
      overtaken: 0,
      onOvertaken: null,
      decoding: { is: 'waiting' },
    });
    decodeAhead();
    if (state === 'idle') void runAll();
  }

  function enqueue(batch: PendingBatch): void {
    const behind = batches.findIndex((other) => mayOvertake(batch.request, other));
    if (behind === -1) return void batches.push(batch);
    // Batches behind it wait for it anyway, so this does not count against their own limits.
    batches[behind]!.overtaken += 1;
    batches[behind]!.onOvertaken?.();
    batches.splice(behind, 0, batch);
  }

  function mayOvertake(request: Pick<BatchRequest, 'deadlines' | 'priority'>, batch: PendingBatch): boolean {
    const { request: other, overtaken } = batch;
    if (batch === executing || other.deadlines !== undefined || overtaken >= MOST_OVERTAKEN) return false;
    return request.deadlines !== undefined || (request.priority ?? 0) < (other.priority ?? 0);
  }

  async function load(request: LoadRequest): Promise<void> {
    const { model } = request;
    try {
      const loaded = await options.loadModel(request);
      await models.get(model)?.model.release();
      models.set(model, { model: loaded, threads: request.threads });
      // Discards the time so far. Without a model, the lane did not wait for rows.
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

  function close(): void {
    if (state === 'idle') void end();
    else if (state === 'running') move('finishing', 'running');
  }

  async function end(): Promise<void> {
    move('closed', 'idle', 'finishing');
    for (const { model } of models.values()) await model.release();
    models.clear();
    options.onClosed();
  }

  /**
   * Begins to decode the next batch when this thread has begun all rows of the one before. Both at once would delay the
   * first, and leave messages unread for twice as long. While an online batch is first, no batch of a block begins.
   */
  function decodeAhead(): void {
    clock.during('decode', () => {
      for (const batch of batches.slice(0, DECODED_AT_MOST)) {
        if (isOnline(batches[0]!) && !isOnline(batch)) return;
        if (batch.decoding.is === 'waiting') beginDecoding(batch);
        if (batch.decoding.is === 'slicing') return;
      }
    });
  }

  function beginDecoding(batch: PendingBatch): void {
    const { request } = batch;
    let begun = false;
    const onBegun = () => {
      begun = true;
      if (batch.decoding.is !== 'slicing') return;
      batch.decoding = { is: 'begun', result };
      // In the next turn, so that messages come first.
      setImmediate(decodeAhead);
    };
    const result = decodeBatch(request, models.get(request.model)?.model, { clock, gate, onBegun });
    batch.decoding = { is: begun ? 'begun' : 'slicing', result };
    void result.then(() => (batch.decoding = { is: 'ended', result }));
  }

  async function runAll(): Promise<void> {
    move('running', 'idle');
    while (batches.length > 0) {
      const batch = batches[0]!;
      clock.enter('decode');
      const decoded = await decodedUnlessOvertaken(batch);
      if (decoded === null) continue;
      gate.hold();
      if (!isOnline(batch)) {
        // Messages that came during the last slice are received here. Those that come while the next batch begins are
        // received below.
        await nextTurn();
        if (batches[0] === batch) decodeAhead();
      }
      if (!isOnItsWay(batches[1])) clock.enter('rest');
      // The run blocks this thread. A batch that has arrived must be received first, so that other threads decode it
      // during the run.
      await nextTurn();
      if (announced.isComing && mayOvertake(ONLINE, batch)) await announced.wait();
      // An online batch has come meanwhile.
      if (batches[0] !== batch) {
        gate.release();
        continue;
      }
      executing = batch;
      const done = await execute(batch, decoded, isOnline(batch) ? null : runOnlineBetween);
      executing = null;
      gate.release();
      batches.shift();
      options.send(done);
      // An online batch may have come during the run. It must not wait until the next batch is decoded.
      await nextTurn();
      decodeAhead();
    }
    clock.enter('idle');
    if (state === 'finishing') await end();
    else move('idle', 'running');
  }

  /** Runs the online batches that have come while the first batch was in the model. */
  async function runOnlineBetween(): Promise<void> {
    gate.hold();
    // They are received here.
    await nextTurn();
    if (announced.isComing) await announced.wait();
    for (let ran = 0; ran < MOST_OVERTAKEN; ran++) {
      const next = batches[1];
      if (next === undefined || !isOnline(next) || next.decoding.is === 'waiting') return;
      const resume = clock.setAside();
      clock.enter('decode');
      options.send(await execute(next, await next.decoding.result, null));
      batches.splice(1, 1);
      // The next online batch may be decoded now, and messages come first.
      await nextTurn();
      decodeAhead();
      clock.enter('run');
      resume();
    }
  }

  /** Resolves to null if an online batch goes ahead of it meanwhile. */
  async function decodedUnlessOvertaken(batch: PendingBatch): Promise<DecodedBatch | null> {
    const { decoding } = batch;
    if (decoding.is === 'waiting')
      throw new InvariantError('a batch should run but its decoding has not started');
    if (decoding.is === 'ended') return decoding.result;
    const overtaken = new Promise<null>((resolve) => (batch.onOvertaken = () => resolve(null)));
    return Promise.race([decoding.result, overtaken]).finally(() => (batch.onOvertaken = null));
  }

  async function execute(
    { request, receivedAt }: PendingBatch,
    { open, rows: decoded }: DecodedBatch,
    between: (() => Promise<void>) | null,
  ): Promise<FromLane> {
    clock.enter('run');
    // A batch that runs between two calls of this one must not count what this one has read.
    const readBefore = options.takeReadCounts();
    const rows = request.deadlines === undefined ? decoded : withoutLate(decoded, request.deadlines);
    const waitedMs = performance.now() - receivedAt;
    const helpersSince = helpers.start();
    const good: number[] = [];
    for (const [at, error] of rows.entries()) if (error === null) good.push(at);
    const ran = await open?.run(good, { callRows: request.callRows, ...(between && { between }) });
    const file = models.get(request.model)?.model.changedFile() ?? null;
    if (file !== null) return { type: 'stale', batch: request.batch, file };
    const answered = amongFailed(rows, ran?.outcomes ?? packOutcomes([]));
    const stamps = stampsOf(request.rows);
    const digests = digestsOf(request.rows);
    const outcomes = { ...answered, ...(stamps && { stamps }), ...(digests && { digests }) };
    const { decodeMs = 0, prepareMs, postMs, inferMs: inModelMs } = ran?.timings ?? NO_TIME();
    clock.enter('rest');
    const { idle, decode: before, run: whole, rest } = clock.take();
    const inRun = Math.min(whole, decodeMs);
    const decode = before + inRun;
    const run = whole - inRun;
    // Images of the next batch may use the thread before the model gets it. `inModelMs` includes that, but the clock's
    // `run` does not.
    const inferMs = Math.min(inModelMs, Math.max(0, run - prepareMs - postMs));
    const modelHelpersMs = ((models.get(request.model)?.threads ?? 1) - 1) * inferMs;
    const readSince = options.takeReadCounts();
    const read = { bytes: readBefore.bytes + readSince.bytes, ms: readBefore.ms + readSince.ms };
    const timings: BatchTimings = {
      idleMs: idle,
      // Files are opened while the clock charges decoding, so that time includes reading.
      readMs: Math.min(read.ms, decode),
      decodeMs: Math.max(0, decode - read.ms),
      bytes: read.bytes,
      ...(ran?.answeredBy && { answeredBy: ran.answeredBy }),
      prepareMs,
      inferMs,
      postMs,
      restMs: rest + Math.max(0, run - prepareMs - inferMs - postMs),
      decodeAheadMs: Math.max(0, helpersSince() - modelHelpersMs),
      laneWaitMs: Math.max(0, waitedMs - before),
    };
    return { type: 'done', batch: request.batch, outcomes, timings };
  }

  return { handle };
}

function isOnline({ request }: PendingBatch): boolean {
  return request.deadlines !== undefined;
}

/** Whether it is being decoded. */
function isOnItsWay(batch: PendingBatch | undefined): boolean {
  return batch?.decoding.is === 'slicing' || batch?.decoding.is === 'begun';
}

/** Rows whose deadline has passed become errors, so that they are not computed. */
function withoutLate(rows: readonly (RowError | null)[], deadlines: Float64Array): (RowError | null)[] {
  const now = machineNow();
  return rows.map((error, at) => error ?? (deadlines[at]! <= now ? TOO_LATE : null));
}
