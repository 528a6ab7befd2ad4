/** Hysteresis: a pool grows at once, and shrinks only after fewer workers have been enough for a while. Pure. */
import type { ScaleState } from '../../shared/queue/workers/scale-memory.ts';
import type { ScaleSettings } from './wanted-workers.ts';

export interface Held {
  readonly wanted: number;
  /** Workers that are alive now. They count where no earlier state is known, so that no restart of Redis ends workers. */
  readonly live: number;
  /** Epoch ms. */
  readonly now: number;
}

export function holdScale(
  before: ScaleState | null,
  { wanted, live, now }: Held,
  { max, downAfterMs }: Pick<ScaleSettings, 'max' | 'downAfterMs'>,
): ScaleState {
  const workers = Math.min(max, before?.workers ?? live);
  if (wanted >= workers) return { v: 1, workers: wanted, lower: null };
  const since = before?.lower?.since ?? now;
  const peak = Math.max(wanted, before?.lower?.peak ?? wanted);
  if (now - since < downAfterMs) return { v: 1, workers, lower: { since, peak } };
  return { v: 1, workers: peak, lower: wanted < peak ? { since: now, peak: wanted } : null };
}

/** Why a pool keeps more workers than it needs. Null: it does not. Without a full stop. */
export function holdText(
  { workers, lower }: ScaleState,
  wanted: number,
  now: number,
  { downAfterMs }: Pick<ScaleSettings, 'downAfterMs'>,
): string | null {
  if (lower === null) return null;
  const s = (ms: number) => Math.round(ms / 1000);
  const stay = workers === 1 ? 'stays' : 'stay';
  return `${wanted} would do; ${workers} ${stay} until fewer have been enough for ${s(downAfterMs)} s (${s(now - lower.since)} s so far)`;
}
