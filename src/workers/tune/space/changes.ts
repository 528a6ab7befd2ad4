/** What differs between two points of the space. Pure. */
import { settingsKey, type LaneSettings } from '../../../shared/profiles/profile.ts';
import type { Change } from '../search/search.ts';

/** The settings in which two points differ. Lanes and threads count as one, because they share the cores. */
export function changesOf(point: LaneSettings, from: LaneSettings): Change<LaneSettings>[] {
  const { lanes, threads_per_lane, batch_size, decode_threads } = from;
  // Settings that usually gain the least come first.
  const parts = { decode: { decode_threads }, batch: { batch_size }, shape: { lanes, threads_per_lane } };
  return Object.entries(parts)
    .filter(([, part]) => settingsKey({ ...point, ...part }) !== settingsKey(point))
    .map(([name, part]) => ({ name, takeBack: (other) => ({ ...other, ...part }) }));
}
