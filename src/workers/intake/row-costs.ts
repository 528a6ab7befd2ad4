/**
 * Learns from finished batches how many rows a batch of a model needs. The smaller its batches are, the sooner waiting
 * rows are answered, and the more each row costs. Pure.
 */
import { busyMs } from '../lane-pool/busy-ms.ts';
import type { BatchTimings } from '../lane/messages.ts';

/** What a batch costs outside of its lane, ms: worker, Redis and API wake up for it. */
const OUTSIDE_MS = 1.5;
/** A row may cost this many times what it costs in the best batches. */
const MOST_EXTRA = 1.2;
/** Weight of the last batch in the mean. */
const LAST = 1 / 8;

export function createRowCosts() {
  /** By model: time per row in batches of 1, 2, 3 to 4, 5 to 8 rows and so on, ms. Undefined if none has run. */
  const costs = new Map<string, (number | undefined)[]>();

  return {
    measured(model: string, rows: number, timings: BatchTimings): void {
      let ofModel = costs.get(model);
      if (ofModel === undefined) costs.set(model, (ofModel = []));
      const size = sizeClass(rows);
      const cost = (busyMs(timings) + OUTSIDE_MS) / rows;
      const before = ofModel[size] ?? cost;
      ofModel[size] = before + LAST * (cost - before);
    },
    /** The smallest batch whose rows cost little more than those of the best batches. Infinity: not known yet. */
    fewestRows(model: string): number {
      const ofModel = costs.get(model);
      if (ofModel === undefined) return Infinity;
      const best = ofModel.reduce<number>((least, cost = Infinity) => Math.min(least, cost), Infinity);
      return fewestIn(ofModel.findIndex((cost = Infinity) => cost <= best * MOST_EXTRA));
    },
    forget(model: string): void {
      costs.delete(model);
    },
  };
}

const sizeClass = (rows: number) => Math.ceil(Math.log2(rows));

const fewestIn = (size: number) => (size === 0 ? 1 : 2 ** (size - 1) + 1);
