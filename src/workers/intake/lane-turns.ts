/**
 * Decides which group's rows go to the lanes next while several groups wait. The best priority goes first, then the
 * tenant that has had the least lane time, then the group that has waited longest for its turn. Pure.
 */
import { busyMs } from '../lane-pool/busy-ms.ts';
import type { BatchTimings } from '../lane/messages.ts';
import type { OpenGroup } from './batch-group.ts';

type Waiting = Pick<OpenGroup, 'model' | 'priority' | 'turn'> & {
  readonly ready: Pick<OpenGroup['ready'], 'tenant'>;
};

/** Rows of one tenant that go to a lane. */
export interface Served {
  readonly tenant: string;
  readonly rows: number;
}

/** With more tenants than this, all of them start again at zero. Only tenants with rows in this worker matter. */
const MOST_TENANTS = 256;
/** Weight of the last batch in the mean time per row. */
const LAST = 1 / 8;

export function createLaneTurns() {
  /** By tenant: lane time of the rows that it has sent, ms. */
  const served = new Map<string, number>();
  /** By model: lane time per row, ms. */
  const perRow = new Map<string, number>();
  /** The lane time at which a tenant begins that had no rows here for a while. So it gains nothing by its absence. */
  let now = 0;
  let turn = 0;

  const servedOf = (tenant: string) => Math.max(now, served.get(tenant) ?? 0);
  const oldest = ({ ready }: Waiting) => servedOf(ready.tenant ?? '');

  return {
    /** Puts them into the order in which they should go. */
    sort<T extends Waiting>(waiting: T[]): T[] {
      if (waiting.length < 2) return waiting;
      return waiting.sort((a, b) => a.priority - b.priority || oldest(a) - oldest(b) || a.turn - b.turn);
    },
    /** One of several groups has sent a batch. */
    sent(group: Waiting, rows: readonly Served[]): void {
      group.turn = ++turn;
      if (served.size > MOST_TENANTS) served.clear();
      now = servedOf(rows[0]!.tenant);
      const each = perRow.get(group.model) ?? 1;
      for (const { tenant, rows: count } of rows) served.set(tenant, servedOf(tenant) + count * each);
    },
    /** A lane has run a batch of a model. */
    measured(model: string, rows: number, timings: BatchTimings): void {
      const each = busyMs(timings) / rows;
      const before = perRow.get(model) ?? each;
      perRow.set(model, before + LAST * (each - before));
    },
    /** Mean lane time of a row of the model, ms. Null: none has run. */
    rowMs: (model: string) => perRow.get(model) ?? null,
    forget(model: string): void {
      perRow.delete(model);
    },
  };
}
