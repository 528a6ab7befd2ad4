/**
 * For `--exhaustive`: measures every configuration in full, and how far the search's choice is from the best. Pure
 * except for `take` and the clock.
 */
import { performance } from 'node:perf_hooks';
import { settingsKey, type LaneSettings } from '../../../shared/profiles/profile.ts';
import type { Exhaustive } from '../../../shared/profiles/tune-events.ts';
import { compareInTurns } from './compare.ts';
import type { Reading } from './duel.ts';
import type { Gain } from './gain.ts';
import type { Space } from '../space/space.ts';

const PROOF_ROUNDS = { leastRounds: 2, mostRounds: 4 };

export interface WholeSpace {
  readonly exhaustive: Exhaustive;
  /** The gain of the space's best over the search's choice. Null if they are the same. */
  readonly gain: Gain | null;
}

/** The best of many readings is partly luck, so it is compared with the search's choice in turns. */
export async function measureWholeSpace(
  space: Space,
  chosen: LaneSettings,
  take: (settings: LaneSettings) => Promise<Reading>,
): Promise<WholeSpace> {
  const begun = performance.now();
  let best = chosen;
  let bestRate = 0;
  for (const settings of space.all) {
    const { rate } = await take(settings);
    if (rate === null || rate <= bestRate) continue;
    best = settings;
    bestRate = rate;
  }
  const seconds = (performance.now() - begun) / 1000;
  const whole = { best, configurations: space.all.length, seconds };
  if (settingsKey(best) === settingsKey(chosen)) {
    return { exhaustive: { ...whole, chosenRowsPerS: bestRate, bestRowsPerS: bestRate }, gain: null };
  }
  const { rate, otherRate, gain } = await compareInTurns(best, chosen, { ...PROOF_ROUNDS, measure: take });
  return { exhaustive: { ...whole, chosenRowsPerS: otherRate ?? 0, bestRowsPerS: rate ?? 0 }, gain };
}
