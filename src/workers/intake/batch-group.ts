/** Rows that may share a batch: those of one model with equal effective options. */
import type { OptionValues, RowKind } from '../../shared/tasks/task-description.ts';
import { createReadyRows, type ReadyRows } from './ready-rows.ts';

export interface BatchSizes {
  /** Rows of a model call. */
  readonly batchSize: number;
  /** Most rows that a lane may get at once. It runs them in calls of `batchSize` rows. Absent: one call. */
  readonly mostRows?: number;
}

export interface BatchGroup extends BatchSizes {
  readonly model: string;
  /** The task's options. */
  readonly options: OptionValues;
  readonly maxWaitMs: number;
  /** Priority of the rows' jobs, from 1 (first). */
  readonly priority: number;
  /** Whose rows they are. Rows of different tenants may share a batch. */
  readonly tenant: string;
  /** What the model's task needs of a row. */
  readonly input: RowKind;
  /** How online rows of the group are batched. Absent: they do not wait for others. */
  readonly online?: { readonly maxWaitMs: number; readonly preferredSizes: readonly number[] };
  /** Sizes at which a batch of online rows need not wait for more, largest first. */
  readonly preferredSizes?: readonly number[];
  /** Online rows, which go ahead of the rows of blocks and share no batch with them. */
  readonly isOnline?: boolean;
  /** Equal for groups whose rows may share a batch. */
  readonly key: string;
}

export function batchGroup(group: Omit<BatchGroup, 'key'>): BatchGroup {
  const { model, options, batchSize, priority } = group;
  return { ...group, key: `${model} ${batchSize} ${priority} ${JSON.stringify(options)}` };
}

/** A batch of online rows has several calls only up to so many rows. More would let the first ones wait (ADR 43). */
const ONLINE_ROWS_IN_CALLS = 8;

/** Most rows of a batch of online rows. `mostRows`: see BatchGroup. */
export function mostOnlineRows(batchSize: number, mostRows: number): number {
  return Math.max(batchSize, Math.min(mostRows, ONLINE_ROWS_IN_CALLS));
}

/** The group of online rows that could share batches with the rows of this one. */
export function onlineGroup(group: BatchGroup): BatchGroup {
  const { model, options, batchSize, mostRows = batchSize, priority, tenant, input, key, online } = group;
  return {
    model,
    options,
    batchSize,
    mostRows: mostOnlineRows(batchSize, mostRows),
    maxWaitMs: online?.maxWaitMs ?? 0,
    preferredSizes: online?.preferredSizes ?? [],
    priority,
    tenant,
    input,
    isOnline: true,
    key: `online ${key}`,
  };
}

/** A group with the rows that wait in it. */
export interface OpenGroup extends BatchGroup {
  readonly mostRows: number;
  readonly preferredSizes: readonly number[];
  /** Rows being read. */
  expected: number;
  /** Rows announced and not yet sent: those being read and those ready. */
  inHand: number;
  readonly ready: ReadyRows;
  /** Whether no block waits behind the rows in hand, as far as known. Then lanes finish together if they share the rows. */
  isEnding: boolean;
  /** Number of its last turn among other groups. See lane-turns.ts. */
  turn: number;
  /** The next time at which its rows must be looked at, in monotonic milliseconds. */
  timer: { readonly timeout: NodeJS.Timeout; readonly at: number } | null;
}

/** Copies field by field, because a spread is slower and every tiny block opens its group again. */
export function emptyGroup(group: BatchGroup): OpenGroup {
  const { model, options, batchSize, maxWaitMs, priority, tenant, input, key } = group;
  const { mostRows = batchSize, preferredSizes = [], isOnline = false } = group;
  return {
    model,
    options,
    batchSize,
    mostRows,
    maxWaitMs,
    preferredSizes,
    priority,
    tenant,
    input,
    isOnline,
    key,
    expected: 0,
    inHand: 0,
    ready: createReadyRows(),
    isEnding: false,
    turn: 0,
    timer: null,
  };
}
