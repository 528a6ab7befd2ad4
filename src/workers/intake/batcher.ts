/**
 * Assembles rows of any blocks into batches and sends them to lanes. A batch leaves when it is full, or as soon as no
 * further row can arrive. `maxWaitMs` is only an upper bound. Online rows leave first, as many as wait, when a lane has
 * room for them.
 */
import type { BatchResult, RunBatch } from '../lane-pool/lane-handle.ts';
import type { LanePool, SendHow } from '../lane-pool/lane-pool.ts';
import { failedOutcomes, sliceOutcomes } from '../../shared/domain/outcomes.ts';
import type { RowError } from '../../shared/domain/row.ts';
import { TOO_LATE } from '../../shared/domain/too-late.ts';
import { machineNow } from '../../shared/process/machine-clock.ts';
import { countFailures } from '../../shared/domain/unchanged.ts';
import type { RunOfBlock } from '../../shared/observe/tracing/span.ts';
import type { Emit } from '../../shared/observe/events.ts';
import { joinRows, type LaneRows } from '../lane/lane-rows.ts';
import { emptyGroup, type BatchGroup, type OpenGroup } from './batch-group.ts';
import { createBlockDemand } from './block-demand.ts';
import { blamedError, nextTry } from './lane-death.ts';
import { createLaneTurns, type Served } from './lane-turns.ts';
import { byPriority, deadlinesOf, nextBatch, patienceMs, splitLate } from './online-rows.ts';
import { oneByOne, rowsIn, type RowRun } from './ready-rows.ts';
import type { BatchSeen, RowReceiver } from './row-answer.ts';
import { createRowCosts } from './row-costs.ts';
import { createRowsAtOnce, type SizedModel } from './rows-at-once.ts';

/** A row that is tried again by itself, because its batch killed a lane. */
interface Suspect {
  readonly group: OpenGroup;
  readonly row: RowRun;
  readonly how: 'alone' | 'only';
}

/** The error of a row whose run has been handed back. Nothing reads it. */
const GONE: RowError = { code: 'model_not_found', message: 'no lane holds the model any more' };

export type Batcher = ReturnType<typeof createBatcher>;

export function createBatcher(deps: {
  pool: LanePool;
  /** Whether rows that could join a partial batch may still arrive. */
  moreMayArrive: () => boolean;
  /** Whether reads wait until rows leave. Then the expected rows cannot arrive. */
  readingWaits: () => boolean;
  /** Rows have left for a lane, so another block may be needed. */
  onSent: () => void;
  emit: Emit;
}) {
  const { pool } = deps;
  const groups = new Map<string, OpenGroup>();
  /** Groups of online rows. */
  const online = new Map<string, OpenGroup>();
  const turns = createLaneTurns();
  const demand = createBlockDemand({ pool, groups, rowMs: turns.rowMs });
  const costs = createRowCosts();
  const rowsAtOnce = createRowsAtOnce({ pool, rowMs: turns.rowMs });
  let suspects: Suspect[] = [];
  /** Models that have left the lanes. Their rows are answered immediately. */
  const goneModels = new Set<string>();
  pool.onFree(pump);

  function open(wanted: BatchGroup): OpenGroup {
    const among = wanted.isOnline ? online : groups;
    let group = among.get(wanted.key);
    if (!group) among.set(wanted.key, (group = emptyGroup(wanted)));
    return group;
  }

  /** Sends all rows that can leave now. */
  function pump(): void {
    sendSuspects();
    // This suspect needs all lanes empty, so no other batch may enter a lane before it.
    if (suspects[0]?.how === 'only') return;
    if (online.size > 0) sendOnline();
    for (const group of groups.values()) sendOverdue(group);
    if (sendFull()) deps.onSent();
    for (const [key, group] of groups) {
      sendPartial(group);
      // Users choose options freely, so groups that are no longer in use must be removed.
      if (group.inHand === 0 && group.expected === 0) groups.delete(key);
    }
  }

  function sendSuspects(): void {
    for (let next; (next = suspects[0]) !== undefined;) {
      const { group, row, how } = next;
      if (group.isOnline && splitLate([row], machineNow()).late.length > 0) giveUp(group, [row]);
      else if (!send(group, [row], how)) return;
      suspects.shift();
    }
  }

  /**
   * Online rows do not wait for others, unless the model's config says so. Those that arrive while lanes are busy leave
   * together.
   */
  function sendOnline(): void {
    const now = machineNow();
    for (const [key, group] of byPriority(online)) {
      const waiting = group.ready.oldest(Infinity);
      const { late, timely } = splitLate(waiting, now);
      if (late.length > 0) {
        group.ready.drop(Infinity);
        group.ready.putBack(timely);
        giveUp(group, late);
      }
      let sentAny = false;
      while (sendSome(group, now)) sentAny = true;
      // Groups take turns, so that a busy one does not starve the others.
      if (sentAny || group.inHand === 0) online.delete(key);
      if (group.inHand > 0) online.set(key, group);
    }
  }

  /** Sends one batch of online rows, if enough of them wait and a lane has room. `now`: by machine-clock.ts. */
  function sendSome(group: OpenGroup, now: number): boolean {
    const { ready, model } = group;
    if (ready.count === 0) return false;
    const patience = patienceOf(group, now);
    const lanes = pool.lanesOf(model);
    const bounds = { lanes, fewest: costs.fewestRows(model), most: rowsAtOnce.ofOnline(group) };
    const { rows, isFull } = nextBatch(ready.count, patience, group, bounds);
    if (rows === 0) {
      pumpIn(group, patience);
      return false;
    }
    const how = isFull ? 'full_online' : 'online';
    return sendFrom(group, suspects.length > 0 ? 'empty' : how, rows);
  }

  function patienceOf({ ready, model, maxWaitMs }: OpenGroup, machine: number): number {
    // Online rows of most models do not wait, so the time of their arrival does not matter.
    if (maxWaitMs === 0) return 0;
    const answerMs = ready.count * (turns.rowMs(model) ?? 0);
    const local = performance.now();
    return patienceMs(ready.oldest(Infinity), { maxWaitMs, answerMs }, { local, machine });
  }

  /** Nobody waits for these online rows any more. */
  function giveUp(group: OpenGroup, runs: readonly RowRun[]): void {
    group.inHand -= rowsIn(runs);
    answerWith(TOO_LATE, runs);
  }

  /** Sends full batches, each from the group whose turn it is, so that a large job does not starve a small one. */
  function sendFull(): boolean {
    for (let sentAny = false; ; sentAny = true) {
      const full = [...groups.values()].filter(({ ready, batchSize }) => ready.count >= batchSize);
      if (!turns.sort(full).some(sendOwn)) return sentAny;
    }
  }

  /** Sends a batch of a group, ahead of those in the lanes if its jobs have a better priority. */
  function sendOwn(group: OpenGroup): boolean {
    // A lane must run empty before a suspect can be alone in it.
    if (suspects.length > 0) return sendFrom(group, 'empty');
    return sendFrom(group, 'prefetch') || (pool.outranked(group.priority) && sendFrom(group, 'ahead'));
  }

  /**
   * Sends a partial batch that has waited too long. Does not wait for an empty lane, because other jobs may keep all
   * lanes busy. A group that is alone, or that expects more rows, still waits, because then its batches stay full.
   */
  function sendOverdue(group: OpenGroup): void {
    const { since, count } = group.ready;
    if (since === null || group.expected > 0 || groups.size === 1 || suspects.length > 0) return;
    // Full batches leave when it is the group's turn.
    if (count >= group.batchSize) return;
    if (performance.now() - since < group.maxWaitMs) return;
    if (sendOwn(group)) deps.onSent();
  }

  /** Sends a partial batch once no row can join it, or once it has waited long enough. */
  function sendPartial(group: OpenGroup): void {
    const { since } = group.ready;
    if (since === null) return;
    const waited = performance.now() - since;
    const complete = (group.expected === 0 && !deps.moreMayArrive()) || deps.readingWaits();
    if (complete || waited >= group.maxWaitMs) {
      // Only into a lane without batches of blocks. Another would not start it sooner, and more rows may arrive.
      const how = suspects.length > 0 ? 'empty' : 'partial';
      const isAhead = how === 'partial' && pool.outranked(group.priority);
      if (sendFrom(group, how) || (isAhead && sendFrom(group, 'ahead'))) deps.onSent();
    } else {
      pumpIn(group, group.maxWaitMs - waited);
    }
  }

  /** Pumps after this time, or earlier if that is planned already. */
  function pumpIn(group: OpenGroup, ms: number): void {
    const at = performance.now() + ms;
    if (group.timer !== null) {
      // Timers are no more exact than a millisecond.
      if (group.timer.at <= at + 1) return;
      clearTimeout(group.timer.timeout);
    }
    const timeout = setTimeout(() => {
      group.timer = null;
      pump();
    }, ms);
    group.timer = { timeout, at };
  }

  function sendFrom(group: OpenGroup, how: SendHow, most = rowsAtOnce.ofBlocks(group, how)): boolean {
    const runs = group.ready.oldest(most);
    if (!send(group, runs, how)) return false;
    group.ready.drop(rowsIn(runs));
    if (groups.size > 1 && !group.isOnline) turns.sent(group, runs.map(servedBy));
    return true;
  }

  /** Returns false if no lane has room. */
  function send(group: OpenGroup, runs: readonly RowRun[], how: SendHow): boolean {
    const { model, options, priority, batchSize } = group;
    const rows = joinRows(runs.map(({ inputs }) => inputs));
    const batch: RunBatch = {
      model,
      options,
      rows,
      ...(group.isOnline ? { deadlines: deadlinesOf(runs) } : { priority }),
      ...(rows.length > batchSize && { callRows: batchSize }),
    };
    const running = pool.send(batch, how);
    if (!running) return false;
    group.inHand -= rows.length;
    const sentAt = performance.now();
    running.then(
      (result) => answerAll(group, runs, sentAt, result),
      (error: unknown) => laneDied(group, runs, how, error),
    );
    return true;
  }

  function answerAll(group: OpenGroup, runs: readonly RowRun[], sentAt: number, result: BatchResult): void {
    const rows = rowsIn(runs);
    const { timings } = result;
    turns.measured(group.model, rows, timings);
    costs.measured(group.model, rows, timings);
    const waitedMs = runs.reduce((ms, { inputs, since }) => ms + inputs.length * (sentAt - since), 0);
    const queuedMs = waitedMs / rows;
    const calls = Math.ceil(rows / group.batchSize);
    const batch: BatchSeen = { rows, calls, size: group.batchSize, sentAt, queuedMs, timings };
    deps.emit('batch.answered', {
      queue: group.model,
      runs: () => runsOf(runs),
      rows,
      failed: countFailures(result.outcomes.errors),
      calls,
      room: calls * group.batchSize,
      waitedMs,
      ms: performance.now() - sentAt,
      timings,
    });
    let at = 0;
    for (const { inputs, receiver, first } of runs) {
      receiver.answered(first, sliceOutcomes(result.outcomes, at, (at += inputs.length)), batch);
    }
  }

  function laneDied(group: OpenGroup, runs: readonly RowRun[], how: SendHow, error: unknown): void {
    const next = nextTry(how, error, pool.size);
    if (next === null) return answerWith(blamedError(error), runs);
    const home = open(group);
    home.inHand += rowsIn(runs);
    if (goneModels.has(home.model)) turnAway(home, runs);
    else if (next === 'batch') home.ready.putBack(runs);
    else for (const row of oneByOne(runs)) suspects.push({ group: home, row, how: next });
  }

  function turnAway(group: OpenGroup, runs: readonly RowRun[]): void {
    group.inHand -= rowsIn(runs);
    answerWith(GONE, runs);
  }

  /** Answers rows that no lane has answered. */
  function answerWith(error: RowError, runs: readonly RowRun[]): void {
    for (const { inputs, receiver, first } of runs) {
      receiver.answered(first, failedOutcomes(inputs.length, error), null);
    }
  }

  return {
    pump,
    /** Announces rows that are being read. Each is then submitted or called off. `isEnding`: see OpenGroup. */
    expect(wanted: BatchGroup, rows: number, isEnding = false): void {
      const group = open(wanted);
      group.isEnding = isEnding;
      group.expected += rows;
      group.inHand += rows;
      demand.noteBlock(wanted, rows);
    },
    /** Submits consecutive rows that were expected. `first` names the first one to the receiver. */
    submit(wanted: BatchGroup, inputs: LaneRows, receiver: RowReceiver, first: number): void {
      const group = open(wanted);
      group.expected -= inputs.length;
      const run: RowRun = { inputs, receiver, tenant: wanted.tenant, first, since: performance.now() };
      if (goneModels.size > 0 && goneModels.has(group.model)) return turnAway(group, [run]);
      const before = group.ready.count;
      group.ready.add(run);
      // If a whole batch was already waiting, all lanes are full. `onFree` pumps again.
      const fills = before < group.batchSize && group.ready.count >= group.batchSize;
      if (fills || group.expected === 0 || deps.readingWaits()) pump();
    },
    /** Submits consecutive online rows, which need not be expected. `wanted`: a group of online rows. */
    submitOnline(wanted: BatchGroup, inputs: LaneRows, receiver: RowReceiver, first: number): void {
      const group = open(wanted);
      group.inHand += inputs.length;
      const run: RowRun = { inputs, receiver, tenant: wanted.tenant, first, since: performance.now() };
      if (goneModels.has(group.model)) return turnAway(group, [run]);
      group.ready.add(run);
    },
    /** An expected row will not arrive. */
    callOff(wanted: BatchGroup): void {
      const group = open(wanted);
      group.expected -= 1;
      group.inHand -= 1;
      if (group.expected === 0) pump();
    },
    /** Lanes hold the model now. */
    join(model: string): void {
      goneModels.delete(model);
    },
    /** The model has left the lanes. Its rows must not wait any longer, because their runs have been handed back. */
    leave(model: string): void {
      goneModels.add(model);
      turns.forget(model);
      costs.forget(model);
      const left = suspects.filter(({ group }) => group.model === model);
      suspects = suspects.filter(({ group }) => group.model !== model);
      for (const { group, row } of left) turnAway(group, [row]);
      for (const group of [...groups.values(), ...online.values()]) {
        if (group.model !== model) continue;
        const waiting = group.ready.oldest(Infinity);
        group.ready.drop(Infinity);
        turnAway(group, waiting);
      }
      pump();
    },
    /** Whether rows of the model are being read, or wait for a lane. */
    holds: (model: string) =>
      [...groups.values(), ...online.values()].some((group) => group.model === model && group.inHand > 0),
    /** Most rows of an online batch. */
    onlineRows: (sized: SizedModel) => rowsAtOnce.ofOnline(sized),
    blocksWanted: (model: string) => demand.blocksWanted(model),
    goesAhead: (model: string, priority: number) => demand.goesAhead(model, priority),
  };
}

/** The runs of blocks behind rows, each once. */
function runsOf(rows: readonly RowRun[]): RunOfBlock[] {
  const found = new Set(rows.map(({ receiver }) => receiver.run));
  return [...found].filter((run) => run !== null && run !== undefined);
}

function servedBy({ tenant, inputs }: RowRun): Served {
  return { tenant, rows: inputs.length };
}
