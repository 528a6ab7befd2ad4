/** The measurements of a tuning, one a configuration, best first. Pure. */
import { settingsKey, type LaneSettings, type Measurement } from '../../shared/profiles/profile.ts';

export interface Standing {
  readonly settings: LaneSettings;
  /** Mean of its full measurements, or its early one; null where it did not run. */
  readonly rate: number | null;
  /** The smallest of its measurements; they are shares of the rate. */
  readonly error: number | null;
  readonly peakBytes: number | null;
  readonly times: number;
  readonly stoppedEarly: boolean;
  readonly last: Measurement;
  /** Position on the search's way, from 1; null where only the whole space has it. */
  readonly step: number | null;
}

export function standingsOf(measurements: readonly Measurement[]): Standing[] {
  const groups = new Map<string, Measurement[]>();
  for (const one of measurements) {
    const key = settingsKey(one.settings);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const searched = measurements.filter(({ phase }) => phase === 'search');
  return [...groups.values()].map((group) => standingOf(group, searched)).toSorted(byRate);
}

function standingOf(group: readonly Measurement[], searched: readonly Measurement[]): Standing {
  const ran = group.filter(({ rows_per_s: rate }) => rate !== null);
  const full = ran.filter((one) => !one.stopped_early);
  const counted = full.length > 0 ? full : ran;
  const errors = counted.map((one) => one.error ?? Infinity);
  const peaks = group.map((one) => one.peak_bytes ?? 0);
  const step = searched.findIndex((one) => group.includes(one));
  return {
    settings: group[0]!.settings,
    rate:
      counted.length === 0 ? null : counted.reduce((sum, one) => sum + one.rows_per_s!, 0) / counted.length,
    error: counted.length === 0 ? null : Math.min(...errors),
    peakBytes: Math.max(...peaks) || null,
    times: group.length,
    stoppedEarly: ran.length > 0 && full.length === 0,
    last: group.at(-1)!,
    step: step === -1 ? null : step + 1,
  };
}

function byRate(a: Standing, b: Standing): number {
  return (b.rate ?? -1) - (a.rate ?? -1);
}
