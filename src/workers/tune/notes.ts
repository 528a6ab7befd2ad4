/** Notes for the user before a tuning: what may distort its figures, and what it cannot change. */
import { loadavg } from 'node:os';
import type { ModelConfig } from '../../shared/domain/model/model-config.ts';
import type { TuneRequest } from '../../shared/profiles/tune-events.ts';
import type { Resources } from '../settings/resources.ts';

/** If other processes use more than this share of the cores, they distort the figures. */
const BUSY = 0.5;
/** Shorter measurements are rough. */
const SHORT_S = 0.5;

export function notesOf(resources: Resources, request: TuneRequest, config: ModelConfig): string[] {
  const notes: string[] = [];
  const load = loadavg()[0] ?? 0;
  if (load > resources.cpus * BUSY) {
    notes.push(`The machine is busy (load ${load.toFixed(1)}). Tune when it has nothing else to do.`);
  }
  const fixed = Object.entries({
    lanes: config.lanes,
    threads_per_lane: config.threads_per_lane,
    'batching.batch_size': config.batching.batch_size,
  }).filter(([, value]) => value !== 'auto');
  if (fixed.length > 0) {
    const list = fixed.map(([name, value]) => `${name} ${value}`).join(', ');
    notes.push(`model.json fixes ${list}. To have it tuned, set "auto" there.`);
  }
  if (request.secondsPerConfig < SHORT_S) {
    notes.push(`With less than ${SHORT_S} s per configuration, figures are rough.`);
  }
  return notes;
}
