// What a user sees of a running job: the bar, the plain lines and their numbers.
import { describe, expect, it } from 'vitest';
import { formatBytes } from '#forebay/shared/text/bytes.js';
import { formatRate, formatSeconds, percentOf } from '#forebay/cli/progress/format.js';
import { barLine, plainLine } from '#forebay/cli/progress/progress-line.js';
import { createProgressView } from '#forebay/cli/progress/progress-view.js';
import { JOB } from '../../../support/job-wire.ts';
import { recordingTerminal } from '../../../support/recording-terminal.ts';

const rows = (succeeded: number, total: number | null = 5000) => ({
  ...JOB,
  rows: { total, succeeded, failed: 0, adopted: 0 },
});

describe('the progress line', () => {
  it('shows rows, percentage, rate, time left and errors', () => {
    expect(plainLine(JOB)).toBe('1,216 of 5,000 rows (24 %), 812 rows/s, 4.7 s left, 3 errors');
  });

  it('shows that rows are still being counted while the total is unknown', () => {
    expect(plainLine({ ...rows(10, null), eta_s: null })).toBe('10 rows (counting), 812 rows/s');
  });

  it('shows why a job waits', () => {
    expect(plainLine({ ...rows(0), reason: 'no_worker', eta_s: null })).toContain('waiting for a worker');
    expect(plainLine({ ...rows(0), status: 'paused', reason: 'paused', eta_s: null })).toContain('paused');
  });

  it('fills the bar in proportion and never beyond the columns', () => {
    const line = barLine(JOB, 100);
    expect(line).toMatch(/^█{7}░{23} {2}1,216 of/);
    for (const columns of [100, 70, 60, 40, 10]) {
      expect(barLine(JOB, columns).length).toBeLessThanOrEqual(columns);
    }
  });

  it('shows a full bar for an empty dataset', () => {
    expect(barLine({ ...rows(0, 0), eta_s: null }, 100)).toMatch(/^█{30} {2}0 of 0 rows \(100 %\)$/);
  });
});

describe('the progress view', () => {
  it('redraws one line on a terminal and keeps notes above it', () => {
    const terminal = recordingTerminal({ live: true });
    const view = createProgressView(terminal);
    view.busy('Starting');
    view.show(JOB);
    view.note('The worker was ended by SIGKILL. Restarting it.');
    view.end();
    expect(terminal.screen()).toEqual(['The worker was ended by SIGKILL. Restarting it.', barLine(JOB, 79)]);
  });

  it('leaves no line of a failed start', () => {
    const terminal = recordingTerminal({ live: true });
    const view = createProgressView(terminal);
    view.busy('Starting');
    view.end();
    expect(terminal.screen()).toEqual([]);
  });

  it('writes a line every 10 % or 2 s without a terminal', () => {
    const terminal = recordingTerminal({ live: false });
    let now = 0;
    const view = createProgressView(terminal, () => now);
    view.busy('Starting');
    for (const done of [0, 100, 499, 500, 510]) view.show(rows(done));
    now = 2000;
    view.show(rows(520));
    view.show(rows(520));
    view.end();
    expect(terminal.screen().map((line) => line.split(' ')[0])).toEqual(['0', '500', '520']);
  });
});

describe('numbers', () => {
  it('show times in the units that people use', () => {
    expect([0, 4.66, 9.96, 59.4, 60, 185, 3600, 7800, 273_600].map(formatSeconds)).toEqual([
      '0.0 s',
      '4.7 s',
      '10 s',
      '59 s',
      '1 min',
      '3 min 5 s',
      '1 h',
      '2 h 10 min',
      '3 d 4 h',
    ]);
  });

  it('show rates and sizes with two or three digits', () => {
    expect([0.523, 8.44, 42.2, 12_400].map(formatRate)).toEqual(['0.52', '8.4', '42', '12,400']);
    expect([512, 1536, 250 * 1024 ** 2].map(formatBytes)).toEqual(['512 B', '1.5 KB', '250 MB']);
  });

  it('show 100 % only at the end', () => {
    expect([percentOf(4999, 5000), percentOf(5000, 5000), percentOf(0, 0)]).toEqual([99, 100, 100]);
  });
});
