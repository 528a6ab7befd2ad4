/** Answers one online request: reads its rows, sends them through the batcher, and gathers their outcomes in order. */
import type { RowRecord } from '../../shared/datasets/slice-rows.ts';
import { unpackOutcomes } from '../../shared/domain/outcomes.ts';
import type { RowError, RowOutcome } from '../../shared/domain/row.ts';
import { messageOf } from '../../shared/errors.ts';
import { machineNow } from '../../shared/process/machine-clock.ts';
import type { OnlineQuestion, OnlineReply } from '../../shared/queue/online/online-format.ts';
import type { TakenRequest } from '../../shared/queue/online/online-work.ts';
import type { OptionValues } from '../../shared/tasks/task-description.ts';
import { onlineGroup, type BatchGroup } from '../intake/batch-group.ts';
import type { Batcher } from '../intake/batcher.ts';
import type { BudgetedRead, BudgetedReader } from '../intake/read/budgeted-reader.ts';
import type { BatchSeen, RowReceiver } from '../intake/row-answer.ts';
import { busyMs } from '../lane-pool/busy-ms.ts';
import type { LaneInput } from '../lane/messages.ts';

export interface OnlineAnswerDeps {
  readonly reader: Pick<BudgetedReader, 'readRecord'>;
  readonly batcher: Pick<Batcher, 'submitOnline' | 'pump'>;
  /** Null if lanes do not hold the model. */
  readonly groupOf: (
    queue: string,
    options: OptionValues & { readonly batch_size: null },
    tenant: string,
  ) => BatchGroup | null;
}

/** A request in progress. */
export interface OnlineAnswer {
  readonly rows: number;
  /** Null: the caller has gone, so nobody needs a reply. */
  readonly reply: Promise<OnlineReply | null>;
  /** The caller has gone. */
  drop(): void;
}

const NOT_SERVED: RowError = {
  code: 'no_worker',
  message: 'The worker has just unloaded the model. Try again.',
};
const OTHER_VERSION: RowError = {
  code: 'no_worker',
  message: 'The worker is of another version of Forebay and does not understand this request. Update it.',
};

export function createOnlineAnswer({ reader, batcher, groupOf }: OnlineAnswerDeps) {
  /** Never rejects. */
  return function answer(queue: string, { question, ttlMs }: TakenRequest): OnlineAnswer {
    if (question === null) return refused(OTHER_VERSION);
    const { header, body } = question;
    const group = groupOf(queue, { ...header.options, batch_size: null }, header.tenant);
    if (group === null) return refused(NOT_SERVED);
    const online = onlineGroup(group);
    let state: 'wanted' | 'dropped' = 'wanted';
    // Reading its signal is slow, so it is read only for fetches.
    const left = new AbortController();
    const deadline = machineNow() + ttlMs;
    const from = { dataset: NO_DATASET, tenant: header.tenant, input: group.input };
    const reads: (BudgetedRead | Promise<BudgetedRead>)[] =
      header.body === 'file'
        ? [{ ok: true, input: inputOf(body), ms: 0, blockedMs: 0, release: null }]
        : recordsIn(body as Buffer).map((record) => reader.readRecord(from, record, left));

    const outcomes: (RowOutcome | undefined)[] = [];
    let missing = reads.length;
    const batches = new Set<BatchSeen>();
    let resolve!: (reply: OnlineReply | null) => void;
    const reply = new Promise<OnlineReply | null>((settle) => (resolve = settle));

    function settle(at: number, outcome: RowOutcome): void {
      outcomes[at] = outcome;
      missing -= 1;
      if (missing > 0) return;
      if (state === 'dropped') return resolve(null);
      const gone = outcomes.some((one) => one?.ok === false && one.error.code === 'model_not_found');
      resolve(gone ? { refused: NOT_SERVED } : { rows: outcomes as RowOutcome[], laneMs: laneMsOf(batches) });
    }

    const receiver = (release: (() => void) | null): RowReceiver => ({
      answered(first, answers, batch) {
        release?.();
        if (batch !== null) batches.add(batch);
        for (const [i, outcome] of unpackOutcomes(answers).entries()) settle(first + i, outcome);
      },
      deadline,
      ...(header.priority !== undefined && { priority: header.priority }),
      isUnwanted: () => state === 'dropped',
    });
    const together = receiver(null);

    /** Rows that need no fetch go to the batcher together. */
    let inputs: LaneInput[] = [];
    function submitUpTo(end: number): void {
      if (inputs.length > 0) batcher.submitOnline(online, inputs, together, end - inputs.length);
      inputs = [];
    }
    function submitRead(at: number, read: BudgetedRead): void {
      if (read.ok) batcher.submitOnline(online, [read.input], receiver(read.release), at);
      else settle(at, { ok: false, error: read.error });
    }
    for (const [at, read] of reads.entries()) {
      if (!(read instanceof Promise) && read.ok) {
        inputs.push(read.input);
        continue;
      }
      submitUpTo(at);
      if (!(read instanceof Promise)) submitRead(at, read);
      else {
        read.then(
          (fetched) => {
            submitRead(at, fetched);
            batcher.pump();
          },
          // Rejects only once the caller has gone.
          (error: unknown) =>
            settle(at, { ok: false, error: { code: 'deadline_passed', message: messageOf(error) } }),
        );
      }
    }
    submitUpTo(reads.length);
    return { rows: reads.length, reply, drop };

    function drop(): void {
      state = 'dropped';
      left.abort();
    }
  };
}

/** The time of the lanes, without the part in which they had nothing to do. */
function laneMsOf(batches: ReadonlySet<BatchSeen>): number {
  let ms = 0;
  for (const { timings } of batches) ms += busyMs(timings);
  return ms;
}

/** The answer to a request of which no row can be computed. */
export function refused(error: RowError): OnlineAnswer {
  return { rows: 0, reply: Promise.resolve({ refused: error }), drop: () => {} };
}

function inputOf(body: OnlineQuestion['body']): LaneInput {
  return 'path' in body ? { bodyFile: body.path } : { bytes: body };
}

/** The API has checked that the body is a list of objects. */
function recordsIn(body: Buffer): RowRecord[] {
  const rows = JSON.parse(body.toString('utf8')) as Readonly<Record<string, unknown>>[];
  return rows.map((fields) => ({ ok: true, id: null, json: JSON.stringify(fields), fields }));
}

/** The records come with the request. */
const NO_DATASET = { type: 'inline', spool: '', blob: '' } as const;
