/** Turns what a search found into the settings to use, with their rates and the gain. Pure. */
import { settingsKey, type LaneSettings, type Measurement } from '../../shared/profiles/profile.ts';
import type { TuneStart, Tuned } from '../../shared/profiles/tune-events.ts';
import { addGains, beatsNoise, toShares } from './search/gain.ts';
import type { Found } from './search/search.ts';
import type { WholeSpace } from './search/exhaustive.ts';

export interface Result {
  readonly settings: LaneSettings;
  readonly rowsPerS: number;
  /** Null if the start does not run. */
  readonly startRowsPerS: number | null;
  readonly gain: Tuned['gain'];
  /** Whether the settings differ from those of the start. */
  readonly changed: boolean;
}

type Settled = Found<LaneSettings> & { readonly best: LaneSettings };

export function createResult(facts: {
  start: TuneStart;
  found: Settled;
  whole: WholeSpace | null;
  measurements: readonly Measurement[];
}): Result {
  const { found, whole, measurements } = facts;
  const changed = (settings: LaneSettings) => settingsKey(settings) !== settingsKey(facts.start.settings);
  if (whole?.gain && beatsNoise(whole.gain)) {
    const gain = found.gain === null || !changed(found.best) ? whole.gain : addGains(found.gain, whole.gain);
    return {
      settings: whole.exhaustive.best,
      rowsPerS: whole.exhaustive.bestRowsPerS,
      startRowsPerS: found.startRate,
      gain: toShares(gain),
      changed: changed(whole.exhaustive.best),
    };
  }
  const rowsPerS = found.rate ?? meanRate(measurements, found.best);
  return {
    settings: found.best,
    rowsPerS,
    startRowsPerS: found.rate === null ? startRate(facts, rowsPerS) : found.startRate,
    gain: found.gain && toShares(found.gain),
    changed: changed(found.best),
  };
}

/**
 * For a search that was stopped. Uses the ratio from duels, because readings from different times are not comparable.
 */
function startRate({ start, found }: { start: TuneStart; found: Settled }, rowsPerS: number): number | null {
  if (settingsKey(found.best) === settingsKey(start.settings)) return rowsPerS;
  return found.gain && rowsPerS / Math.exp(found.gain.log);
}

function meanRate(measurements: readonly Measurement[], settings: LaneSettings): number {
  const key = settingsKey(settings);
  const rates = measurements.flatMap((one) =>
    settingsKey(one.settings) === key && !one.stopped_early ? (one.rows_per_s ?? []) : [],
  );
  return rates.reduce((sum, rate) => sum + rate, 0) / Math.max(1, rates.length);
}
