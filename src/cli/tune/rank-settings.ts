/**
 * The configurations of a tuning with their rates, the highest first. The tuning made its choice by these rates. For the
 * chosen settings and those used until now, the rates come from the final comparison. All other rates are relative to
 * measurements at about the same time. Plain means would compare fast moments of the machine with slow ones. Pure.
 */
import { settingsKey, type LaneSettings, type Measurement } from '../../shared/profiles/profile.ts';
import type { Tuned } from '../../shared/profiles/tune-events.ts';

export interface RankedSettings {
  readonly settings: LaneSettings;
  /** Rows/s. Null if it did not run. */
  readonly rate: number | null;
  /** The smallest error of its measurements, as a fraction of the rate. */
  readonly error: number | null;
  readonly peakBytes: number | null;
  readonly times: number;
  readonly stoppedEarly: boolean;
  readonly last: Measurement;
  /** Workers use it from now on. */
  readonly chosen: boolean;
  /** Workers used it until now. */
  readonly start: boolean;
  /** Its rate is higher than that of the chosen settings, but not by more than the noise. */
  readonly withinNoise: boolean;
}

export function rankSettings(tuned: Tuned): RankedSettings[] {
  const groups = new Map<string, Measurement[]>();
  for (const one of tuned.profile.measurements) {
    const key = settingsKey(one.settings);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const rateOf = createRates(tuned);
  return [...groups].map(([key, group]) => rankOf(key, group, { tuned, rateOf })).toSorted(byRate);
}

function rankOf(
  key: string,
  group: readonly Measurement[],
  { tuned, rateOf }: { tuned: Tuned; rateOf: (key: string, mean: number | null) => number | null },
): RankedSettings {
  const ran = group.filter(({ rows_per_s: rate }) => rate !== null);
  const full = ran.filter((one) => !one.stopped_early);
  const counted = full.length > 0 ? full : ran;
  const sum = counted.reduce((total, one) => total + one.rows_per_s!, 0);
  const rate = rateOf(key, counted.length === 0 ? null : sum / counted.length);
  const peaks = group.map((one) => one.peak_bytes ?? 0);
  const { profile, start } = tuned;
  return {
    settings: group[0]!.settings,
    rate,
    error: counted.length === 0 ? null : Math.min(...counted.map((one) => one.error ?? Infinity)),
    peakBytes: Math.max(...peaks) || null,
    times: group.length,
    stoppedEarly: ran.length > 0 && full.length === 0,
    last: group.at(-1)!,
    chosen: key === settingsKey(profile.settings),
    start: key === settingsKey(start.settings),
    withinNoise: rate !== null && rate > profile.rows_per_s,
  };
}

/** `mean` is the mean of the measurements. It is used if there is no score, as after an exhaustive search. */
function createRates({ profile, start, scores }: Tuned) {
  const chosen = settingsKey(profile.settings);
  const startKey = settingsKey(start.settings);
  const chosenScore = scores[chosen] ?? 0;
  const startScore = scores[startKey] ?? 0;
  /** The rate of a score of 1, in rows/s. */
  const unit =
    chosenScore > 0
      ? profile.rows_per_s / chosenScore
      : start.rowsPerS !== null && startScore > 0
        ? start.rowsPerS / startScore
        : null;
  return (key: string, mean: number | null): number | null => {
    if (key === chosen) return profile.rows_per_s;
    if (mean === null) return null;
    if (key === startKey && start.rowsPerS !== null) return start.rowsPerS;
    const score = scores[key] ?? 0;
    return score > 0 && unit !== null ? score * unit : mean;
  };
}

/** The marks of a configuration in the table and the chart. */
export function marksOf(one: RankedSettings): string[] {
  return [
    one.chosen ? 'chosen' : '',
    one.start ? 'used until now' : '',
    one.withinNoise ? 'within the noise' : '',
    one.stoppedEarly ? 'cut short' : '',
    one.rate === null ? one.last.outcome.replaceAll('_', ' ') : '',
  ].filter((mark) => mark !== '');
}

function byRate(a: RankedSettings, b: RankedSettings): number {
  return (b.rate ?? -1) - (a.rate ?? -1);
}
