/**
 * Assembles rows of any blocks into batches and sends them to lanes. A batch leaves when it is full, or as
 * soon as no further row can arrive; `maxWaitMs` is only an upper bound. Rows of a batch that killed its lane
 * are tried again one by one, alone in a lane; a row that kills again is an error (for want of memory: only if it
 * does so with the whole worker to itself, since the other lanes may have taken it).
 */
import type { BatchRequest, LaneInput } from '../lane/messages.ts';
import { LaneDied, type BatchResult, type DeathCause, type RunBatch } from '../lane-pool/lane-handle.ts';
import type { LanePool, SendHow } from '../lane-pool/lane-pool.ts';
import { stopsIntake } from '../../shared/domain/memory-level.ts';
import type { RowOutcome } from '../../shared/domain/row.ts';
import { messageOf, type ErrorCode } from '../../shared/errors.ts';

/** Rows that may share a batch: one model, equal effective options. */
export interface BatchGroup {
  readonly model: string;
  readonly topK: number;
  /** As in BatchRequest. */
  readonly decode?: BatchRequest['decode'];
  readonly batchSize: number;
  readonly maxWaitMs: number;
}

/** What one finished batch saw, for stats. `rows`: rows in it; `size`: rows it had room for; `sentAt`: ms, monotonic. */
export interface BatchSeen {
  readonly rows: number;
  readonly size: number;
  readonly sentAt: number;
  readonly queuedMs: number;
  readonly result: BatchResult;
}

export interface RowAnswer {
  readonly outcome: RowOutcome;
  /** The batch it came in; shared by its rows. Null where the row never got an answer. */
  readonly batch: BatchSeen | null;
}

interface WaitingRow {
  readonly input: LaneInput;
  readonly since: number;
  readonly answer: (answer: RowAnswer) => void;
}

interface Group extends BatchGroup {
  /** Rows being read. */
  expected: number;
  /** Rows announced and not yet sent. */
  inHand: number;
  ready: WaitingRow[];
  timer: NodeJS.Timeout | null;
}

const WHY = {
  crashed: { code: 'lane_crashed', says: 'The lane died' },
  timed_out: { code: 'timed_out', says: 'The model took longer than it may and its lane was killed' },
  out_of_memory: { code: 'out_of_memory', says: 'The lane ran out of memory and was killed' },
} as const satisfies Record<DeathCause, { code: ErrorCode; says: string }>;

/** Nobody reads it: the run of such a row has been handed back. */
const GONE: RowAnswer = {
  outcome: { ok: false, error: { code: 'model_not_found', message: 'no lane holds the model any more' } },
  batch: null,
};

/** Field by field: a group comes and goes with each tiny block, and to spread one into a larger object took 6 us. */
function emptyGroup({ model, topK, decode, batchSize, maxWaitMs }: BatchGroup): Group {
  return { model, topK, decode, batchSize, maxWaitMs, expected: 0, inHand: 0, ready: [], timer: null };
}

function keyOf({ model, topK, decode, batchSize }: BatchGroup): string {
  return `${model} ${topK} ${decode ?? ''} ${batchSize}`;
}

export type Batcher = ReturnType<typeof createBatcher>;

export function createBatcher(deps: {
  pool: LanePool;
  /** Whether a block is being taken that may bring rows to a batch that is not full. */
  moreMayArrive: () => boolean;
  /** Whether reading waits for rows to leave, so that those expected cannot come. */
  readingWaits: () => boolean;
  /** Rows have left for a lane: perhaps another block is needed. */
  onSent: () => void;
}) {
  const { pool } = deps;
  const groups = new Map<string, Group>();
  /** Batches that the last block of a model made. */
  const lastBlock = new Map<string, number>();
  /** Rows whose batch killed a lane. */
  let suspects: { group: Group; row: WaitingRow; how: 'alone' | 'only' }[] = [];
  /** Models that no lane holds or will: their rows are answered at once. */
  const gone = new Set<string>();
  pool.onFree(pump);

  function open(wanted: BatchGroup): Group {
    const key = keyOf(wanted);
    let group = groups.get(key);
    if (!group) groups.set(key, (group = emptyGroup(wanted)));
    return group;
  }

  function pump(): void {
    while (suspects.length > 0 && send(suspects[0]!.group, [suspects[0]!.row], suspects[0]!.how)) {
      suspects.shift();
    }
    // All lanes must run empty before it.
    if (suspects[0]?.how === 'only') return;
    let sent = false;
    // A lane must run empty before a suspect can be alone in it.
    const full = suspects.length > 0 ? 'empty' : 'prefetch';
    for (const group of groups.values()) sendOverdue(group);
    // One full batch a group in turn: a large job does not starve a small one.
    for (let again = true; again;) {
      again = false;
      for (const group of groups.values()) {
        if (group.ready.length < group.batchSize) continue;
        if (!sendFrom(group, full)) continue;
        again = true;
        sent = true;
      }
    }
    if (sent) deps.onSent();
    for (const [key, group] of groups) {
      sendPartial(group);
      // Groups come with the options that users choose: only those in use are kept.
      if (group.inHand === 0 && group.expected === 0) groups.delete(key);
    }
  }

  /**
   * The rest of what has been read, past its time, no longer waits for an empty lane where other jobs' batches may
   * keep all of them busy. A group alone, or with rows still to come, gains by waiting: its batches stay full.
   */
  function sendOverdue(group: Group): void {
    const oldest = group.ready[0];
    if (!oldest || group.expected > 0 || groups.size === 1 || suspects.length > 0) return;
    if (performance.now() - oldest.since < group.maxWaitMs) return;
    if (sendFrom(group, 'prefetch')) deps.onSent();
  }

  function sendPartial(group: Group): void {
    const oldest = group.ready[0];
    if (!oldest) return;
    const waited = performance.now() - oldest.since;
    const complete = (group.expected === 0 && !deps.moreMayArrive()) || deps.readingWaits();
    if (complete || waited >= group.maxWaitMs) {
      // Into an empty lane only: a busy one gains nothing by it, and more rows may come until it is free.
      if (sendFrom(group, 'empty')) deps.onSent();
    } else {
      group.timer ??= setTimeout(() => {
        group.timer = null;
        pump();
      }, group.maxWaitMs - waited);
    }
  }

  function sendFrom(group: Group, how: 'prefetch' | 'empty'): boolean {
    const rows = group.ready.slice(0, group.batchSize);
    if (!send(group, rows, how)) return false;
    group.ready.splice(0, rows.length);
    return true;
  }

  function send(group: Group, rows: readonly WaitingRow[], how: SendHow): boolean {
    const { model, topK, decode } = group;
    const batch: RunBatch = {
      model,
      topK,
      ...(decode === undefined ? {} : { decode }),
      rows: rows.map((row) => row.input),
    };
    const running = pool.send(batch, how);
    if (!running) return false;
    group.inHand -= rows.length;
    const sentAt = performance.now();
    running.then(
      (result) => {
        const seen: BatchSeen = {
          rows: rows.length,
          size: group.batchSize,
          sentAt,
          queuedMs: rows.reduce((ms, row) => ms + sentAt - row.since, 0) / rows.length,
          result,
        };
        for (const [i, row] of rows.entries()) row.answer({ outcome: result.outcomes[i]!, batch: seen });
      },
      (error: unknown) => afterDeath(group, rows, how, error),
    );
    return true;
  }

  function afterDeath(group: Group, rows: readonly WaitingRow[], how: SendHow, error: unknown): void {
    const next = error instanceof LaneDied ? nextTry(how, error) : null;
    if (next !== null) {
      const home = open(group);
      home.inHand += rows.length;
      if (gone.has(home.model)) turnAway(home, rows);
      else if (next === 'batch') home.ready.unshift(...rows);
      else for (const row of rows) suspects.push({ group: home, row, how: next });
      return;
    }
    const why = error instanceof LaneDied ? error.why : 'crashed';
    const message = `${WHY[why].says}, working on this row alone: ${messageOf(error)}`;
    for (const row of rows) {
      row.answer({ outcome: { ok: false, error: { code: WHY[why].code, message } }, batch: null });
    }
  }

  /** Null: it is the row. */
  function nextTry(how: SendHow, { touched, why }: LaneDied): 'batch' | 'alone' | 'only' | null {
    if (how === 'prefetch' || how === 'empty') return touched ? 'alone' : 'batch';
    if (!touched) return how;
    return how === 'alone' && why === 'out_of_memory' && pool.size > 1 ? 'only' : null;
  }

  function turnAway(group: Group, rows: readonly WaitingRow[]): void {
    group.inHand -= rows.length;
    for (const row of rows) row.answer(GONE);
  }

  function rowsInHand(): number {
    let rows = 0;
    for (const group of groups.values()) rows += group.inHand;
    return rows;
  }

  return {
    pump,
    /** Announces rows that are being read; each is then submitted or called off. */
    expect(wanted: BatchGroup, rows: number): void {
      const group = open(wanted);
      group.expected += rows;
      group.inHand += rows;
      lastBlock.set(group.model, Math.ceil(rows / group.batchSize));
    },
    /** A row's bytes are here, or its local file is named. `answer` is called once. */
    submit(wanted: BatchGroup, input: LaneInput, answer: (answer: RowAnswer) => void): void {
      const group = open(wanted);
      group.expected -= 1;
      if (gone.size > 0 && gone.has(group.model)) {
        turnAway(group, [{ input, since: 0, answer }]);
        return;
      }
      group.ready.push({ input, since: performance.now(), answer });
      // Where there is more than a batch already, lanes have no room: the next one that has is told of.
      if (group.ready.length === group.batchSize || group.expected === 0 || deps.readingWaits()) pump();
    },
    /** A row that was expected will not come. */
    callOff(wanted: BatchGroup): void {
      const group = open(wanted);
      group.expected -= 1;
      group.inHand -= 1;
      if (group.expected === 0) pump();
    },
    /** No lane holds the model any more: its rows, whose runs have been handed back, must not wait for one. */
    leave(model: string): void {
      gone.add(model);
      const mine = suspects.filter(({ group }) => group.model === model);
      suspects = suspects.filter(({ group }) => group.model !== model);
      for (const { group, row } of mine) turnAway(group, [row]);
      for (const group of groups.values()) {
        if (group.model === model) turnAway(group, group.ready.splice(0));
      }
      pump();
    },
    /** Lanes hold the model, maybe again. */
    join(model: string): void {
      gone.delete(model);
    },
    /**
     * Blocks of a model, as large as its last one, that lanes can use beyond the rows in hand: at most one more than
     * they need.
     */
    blocksWanted(model: string): number {
      if (pool.lanesOf(model) === 0) return 0;
      // Whatever the memory: with nothing in hand one goes on, or nothing would ever leave.
      if (stopsIntake(pool.memory)) return pool.busy || rowsInHand() > 0 ? 0 : 1;
      let batches = 0;
      for (const group of groups.values()) {
        if (group.model === model) batches += Math.ceil(group.inHand / group.batchSize);
      }
      const room = pool.freeSlots(model) - batches;
      if (pool.memory === 'slow') return room > 0 ? 1 : 0;
      return room < 0 ? 0 : 1 + Math.floor(room / (lastBlock.get(model) ?? Infinity));
    },
  };
}
