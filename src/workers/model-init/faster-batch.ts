/** Decides whether a model should have smaller batches than the automatic ones, by the times of its calls. Pure. */
import { deviceOf } from '../../shared/domain/model/device.ts';
import type { ModelConfig } from '../../shared/domain/model/model-config.ts';
import { taskOf } from '../../shared/tasks/task-descriptions.ts';
import type { CallTimes } from '../lane/messages.ts';
import { counted } from '../../shared/text/counted.ts';

export interface FasterBatch {
  readonly rows: number;
  /** Rows of the automatic batch. */
  readonly autoRows: number;
  /** How much of the time per row it saves, from 0 to 1. */
  readonly saves: number;
}

/** A model keeps the automatic size unless another one saves more than this share. */
const LEAST_SAVED = 0.08;
/** A smaller size must save at least this share more, because each batch costs a message. */
const WORTH_MORE_BATCHES = 0.02;

/** Whether the bytes of a row choose the size of its batches. Only then may another size be much faster. */
export function isSizedByBytes(config: ModelConfig): boolean {
  const isAuto = config.batching.batch_size === 'auto';
  return isAuto && deviceOf(config) === null && taskOf(config).mostAutoRows === undefined;
}

/**
 * `times`: of the automatic size first, then of smaller ones, in descending order. Null if none is clearly faster: in
 * its best round by LEAST_SAVED, and in its slowest round still faster than the automatic size in its best. On a busy
 * machine, this is rarely so by chance.
 */
export function fasterBatch([auto, ...smaller]: readonly CallTimes[]): FasterBatch | null {
  if (auto === undefined) return null;
  const autoMs = Math.min(...auto.msPerRow);
  let best: FasterBatch | null = null;
  for (const { rows, msPerRow } of smaller) {
    const saves = 1 - Math.min(...msPerRow) / autoMs;
    const least = best === null ? LEAST_SAVED : best.saves + WORTH_MORE_BATCHES;
    if (saves > least && Math.max(...msPerRow) < autoMs) best = { rows, autoRows: auto.rows, saves };
  }
  return best;
}

/** One sentence for the user. */
export function fasterBatchText({ rows, autoRows, saves }: FasterBatch): string {
  return `batching.batch_size is ${rows}: calls of ${counted(rows, 'row')} take ${(saves * 100).toFixed(0)} % less time per row than calls of ${autoRows}, the automatic size`;
}
