// The ranking of a tuning. Either the chosen settings come first, or higher rates are marked as noise.
import { describe, expect, it } from 'vitest';
import { reportHtml } from '#forebay/cli/tune/report.js';
import { barsSvg } from '#forebay/cli/tune/report-charts.js';
import { rankSettings } from '#forebay/cli/tune/rank-settings.js';
import { choiceText, tunedText } from '#forebay/cli/tune/tuned-text.js';
import { settingsKey, type LaneSettings, type Measurement } from '#forebay/shared/profiles/profile.js';
import type { Tuned } from '#forebay/shared/profiles/tune-events.js';

const settings = (batch: number): LaneSettings => ({
  lanes: 2,
  threads_per_lane: 1,
  batch_size: batch,
  decode_threads: 2,
});
const reading = (batch: number, rate: number, phase: Measurement['phase'] = 'search'): Measurement => ({
  settings: settings(batch),
  phase,
  outcome: 'measured',
  rows_per_s: rate,
  error: 0.03,
  stopped_early: false,
  peak_bytes: 1e8,
  seconds: 1,
  message: null,
});

/** Recorded on a machine that became slower. The start settings reached 200 rows/s at first and 120 at the end. */
const MEASUREMENTS = [
  reading(8, 200),
  reading(16, 190),
  reading(8, 150),
  reading(32, 160),
  reading(16, 140),
  reading(32, 150, 'final'),
  reading(8, 120, 'final'),
  reading(8, 120, 'final'),
  reading(32, 150, 'final'),
];
const SCORES = { 8: 1, 16: 1.09, 32: 1.25 };

function tunedTo(chosen: number, rowsPerS: number, more: Partial<Tuned> = {}): Tuned {
  return {
    profile: {
      v: 1,
      model: { name: 'tiny', hash: 'abc' },
      machine: {
        fingerprint: 'f',
        cpu: 'cpu',
        cpus: 2,
        memory_gb: 4,
        arch: 'x64',
        node: '22',
        onnxruntime: '1',
      },
      settings: settings(chosen),
      rows_per_s: rowsPerS,
      formula: { settings: settings(8), rows_per_s: 120 },
      measured_at: '2026-11-22T10:15:30.000Z',
      sample: { rows: 20, bytes: 1000 },
      measurements: MEASUREMENTS,
    },
    path: '/cache/p.json',
    stopped: false,
    start: { from: 'formula', settings: settings(8), rowsPerS: 120 },
    gain: { gain: 0.25, noise: 0.04 },
    scores: Object.fromEntries(
      Object.entries(SCORES).map(([batch, score]) => [settingsKey(settings(Number(batch))), score]),
    ),
    searchSeconds: 9,
    space: 84,
    measured: 3,
    exhaustive: null,
    ...more,
  };
}

const batches = (tuned: Tuned) => rankSettings(tuned).map((one) => one.settings.batch_size);

describe('the ranking of a tuning', () => {
  it('starts with the chosen settings, even on a machine that became slower', () => {
    const ranking = rankSettings(tunedTo(32, 150));
    expect(ranking.map((one) => [one.settings.batch_size, Math.round(one.rate!)])).toEqual([
      [32, 150],
      [16, 131],
      [8, 120],
    ]);
    expect(ranking[0]).toMatchObject({ chosen: true, withinNoise: false });
    expect(ranking[2]).toMatchObject({ start: true, chosen: false });
  });

  it('marks a higher rate as noise if the settings were kept', () => {
    const tuned = tunedTo(8, 120, { gain: { gain: 0.03, noise: 0.05 } });
    expect(batches(tuned)).toEqual([32, 16, 8]);
    const text = tunedText(tuned);
    expect(text).toMatch(/ 32 .* within the noise$/m);
    expect(text).toMatch(/ 8 .* chosen, used until now$/m);
    expect(text).toContain(
      'Kept: 2 lanes x 1 thread, batch 8, 2 decode threads. 120 rows/s, as before: nothing else was faster by more than the noise (±5.0 %).',
    );
  });

  it('shows the same rate in the text and in the chart', () => {
    const tuned = tunedTo(32, 150);
    expect(choiceText(tuned)).toBe(
      'Chosen: 2 lanes x 1 thread, batch 32, 2 decode threads. 150 rows/s, 25 % (±4.0 %) more than before (120 rows/s).',
    );
    const bars = [...barsSvg(rankSettings(tuned)).matchAll(/width="([\d.]+)"[^>]*fill="(var\(--c\d\))"/g)];
    const widest = bars.toSorted((a, b) => Number(b[1]) - Number(a[1]))[0]!;
    expect(widest[2]).toBe('var(--c2)');
    expect(bars.filter((bar) => bar[2] === 'var(--c2)')).toHaveLength(1);
    expect(reportHtml(tuned)).toContain('150, chosen');
  });
});

describe('a tuning that was stopped early', () => {
  it('reports what it kept', () => {
    const text = tunedText(tunedTo(32, 150, { stopped: true }));
    expect(text).toMatch(/^Stopped early\.$/m);
    expect(text).toContain('Chosen: 2 lanes x 1 thread, batch 32');
    expect(text).toContain('Profile: /cache/p.json');
  });

  it('reports that it wrote nothing if nothing was better', () => {
    const text = tunedText(tunedTo(8, 120, { stopped: true, path: null }));
    expect(text).toContain('Kept: 2 lanes x 1 thread, batch 8');
    expect(text).toContain('No profile was written.');
    expect(text).not.toContain('Profile:');
  });
});
