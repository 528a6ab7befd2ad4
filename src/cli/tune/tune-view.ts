/** Shows a running tuning: one line per measured configuration, and on terminals also the current measurement. */
import type { LaneSettings, Measurement } from '../../shared/profiles/profile.ts';
import type { TuneEvent } from '../../shared/profiles/tune-events.ts';
import { formatBytes } from '../../shared/text/bytes.ts';
import { formatCounted, formatRate, formatSeconds } from '../progress/format.ts';
import type { Terminal } from '../terminal.ts';

type Shown = Extract<TuneEvent, { type: 'begun' | 'measuring' | 'measured' }>;

export interface TuneView {
  show(event: TuneEvent): void;
  end(): void;
}

function isShown(event: TuneEvent): event is Shown {
  return event.type === 'begun' || event.type === 'measuring' || event.type === 'measured';
}

export function createTuneView(terminal: Terminal): TuneView {
  let count = 0;
  let phase: Measurement['phase'] = 'search';
  const line = (text: string) => {
    if (terminal.live) terminal.redraw('');
    terminal.err(`${text}\n`);
  };

  function show(event: Shown): void {
    switch (event.type) {
      case 'begun':
        for (const text of begunLines(event)) line(text);
        return;
      case 'measuring':
        if (event.phase !== phase) line(PHASES[event.phase]);
        phase = event.phase;
        if (terminal.live) {
          const highest =
            event.highestRowsPerS === null
              ? ''
              : `  (highest so far: ${formatRate(event.highestRowsPerS)} rows/s)`;
          terminal.redraw(`measuring ${settingsText(event.settings)}${highest}`);
        }
        return;
      case 'measured':
        count += 1;
        line(`${String(count).padStart(3)}  ${measurementText(event.measurement)}`);
    }
  }

  return {
    show(event) {
      if (isShown(event)) show(event);
    },
    end: () => {
      if (terminal.live) terminal.redraw('');
    },
  };
}

const PHASES: Readonly<Record<Measurement['phase'], string>> = {
  search: 'Searching:',
  final: 'The best settings and those in use, in turns:',
  exhaustive: 'Every configuration:',
};

function begunLines(event: Extract<TuneEvent, { type: 'begun' }>): string[] {
  const { sample } = event;
  const unreadable = sample.unreadable === 0 ? '' : `; ${formatCounted(sample.unreadable, 'row')} unreadable`;
  return [
    `Tuning ${event.model} on ${formatCounted(event.cpus, 'core')}: ${formatCounted(event.space, 'configuration')}, at most ${formatBytes(event.memoryLimitBytes)} for lanes.`,
    `Sample: ${formatCounted(sample.rows, 'row')}, ${formatBytes(sample.bytes)}${unreadable}.`,
    `In use now: ${settingsText(event.start.settings)} (${START[event.start.from]}).`,
    ...event.notes,
  ];
}

/** The source of the settings that a tuning starts with. */
export const START = { formula: 'automatic', profile: 'from an earlier tuning' } as const;

/** `2 lanes x 1 thread, batch 4, 2 decode threads`. */
export function settingsText(settings: LaneSettings): string {
  const { lanes, threads_per_lane, batch_size, decode_threads } = settings;
  return `${formatCounted(lanes, 'lane')} x ${formatCounted(threads_per_lane, 'thread')}, batch ${batch_size}, ${formatCounted(decode_threads, 'decode thread')}`;
}

function measurementText(measurement: Measurement): string {
  const { settings, seconds } = measurement;
  return `${settingsText(settings).padEnd(50)}  ${resultText(measurement)}  (${formatSeconds(seconds)})`;
}

/** `    163 rows/s ±2.0 %  412 MB`, or why there is no result. */
export function resultText(measurement: Measurement): string {
  const { rows_per_s: rate, error, peak_bytes, outcome, message } = measurement;
  if (rate === null) return `${outcome === 'out_of_memory' ? 'out of memory' : 'failed'}: ${message ?? ''}`;
  const memory = peak_bytes === null ? '' : `  ${formatBytes(peak_bytes)}`;
  const early = measurement.stopped_early ? '  cut short' : '';
  return `${formatRate(rate).padStart(7)} rows/s ${errorText(error)}${memory}${early}`;
}

export function errorText(error: number | null): string {
  return error === null ? '' : `±${(error * 100).toFixed(error < 0.1 ? 1 : 0)} %`;
}
