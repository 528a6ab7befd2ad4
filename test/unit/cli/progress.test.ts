// What a user sees of a running job: the bar, the plain lines, the summary, the tables.
import { describe, expect, it } from 'vitest';
import type { JobWire } from '#forebay/api/http/wire/job.js';
import type { JobStatsWire } from '#forebay/api/http/wire/stats.js';
import { jobsTable, jobText } from '#forebay/cli/jobs/job-text.js';
import { formatBytes, formatRate, formatSeconds, percentOf } from '#forebay/cli/progress/format.js';
import { groupErrors } from '#forebay/cli/progress/error-groups.js';
import { barLine, plainLine } from '#forebay/cli/progress/progress-line.js';
import { createProgressView } from '#forebay/cli/progress/progress-view.js';
import { statsText } from '#forebay/cli/progress/stats-text.js';
import { summaryText } from '#forebay/cli/progress/summary.js';
import { recordingTerminal } from '../../support/recording-terminal.ts';

const JOB: JobWire = {
  id: 'job_01KAMK6X5V8E3M7Q9T2R4W6Y8Z',
  object: 'job',
  status: 'running',
  reason: null,
  reason_text: null,
  model: 'tiny',
  model_hash: 'abc',
  rows: { total: 5000, succeeded: 1213, failed: 3, adopted: 0 },
  skipped: {},
  blocks: { queued: 12, running: 4, done: 19 },
  throughput: { rows_per_s: 812.4 },
  eta_s: 4.66,
  created_at: '2026-11-22T10:15:30.000Z',
  started_at: '2026-11-22T10:15:30.000Z',
  finished_at: null,
  input: { type: 'files', path: '/data' },
  options: {
    batch_size: null,
    block_rows: 64,
    concurrency: null,
    max_errors: null,
    priority: 50,
    top_k: 5,
    decode: null,
    limit: null,
  },
  output: '/out',
  error: null,
  retry_of: null,
  webhook: null,
  metadata: {},
  tenant: 'default',
};
const HOW = { withStats: false, next: 'forebay run --resume' };
const WITH_STATS = { ...HOW, withStats: true };
const MB = 2 ** 20;
const STATS: JobStatsWire = {
  stages: {
    begin_ms: 10,
    read_ms: 100,
    blocked_ms: 0,
    batch_wait_ms: 50,
    lane_wait_ms: 200_000,
    open_ms: 10,
    decode_ms: 2500,
    decode_ahead_ms: 0,
    prepare_ms: 10,
    infer_ms: 10_000,
    post_ms: 10,
    other_ms: 10,
    idle_ms: 100,
    write_ms: 10,
    commit_ms: 10,
  },
  utilisation: { lanes: 0.992, decode: 0.2, model: 0.797 },
  bottleneck: {
    name: 'inference',
    share: 0.797,
    why: 'lanes 99 % busy, 80 % of it in the model',
    advice: 'All is well.',
  },
  rows: 5000,
  bytes: 1,
  batches: 313,
  mean_batch_rows: 15.97,
  mean_batch_fill: 0.998,
  queue: {
    name: 'default.tiny.abc',
    depth: { waiting: 1, active: 2, delayed: 0, failed: 0 },
    slots: 3,
    limit: 64,
  },
  workers: [
    {
      id: 'w1',
      host: 'h',
      pid: 1,
      pool: 'default',
      lanes: 2,
      batch_size: 16,
      lag_p99_ms: 1,
      memory: { rss_bytes: 400 * MB, limit_bytes: 4000 * MB, level: 'normal' },
      inflight: { used_bytes: MB, limit_bytes: 256 * MB, blocked_ms: 0 },
      problem: null,
    },
  ],
  reason: null,
  reason_text: null,
  last_run_error: null,
};
const rows = (succeeded: number, total: number | null = 5000) => ({
  ...JOB,
  rows: { total, succeeded, failed: 0, adopted: 0 },
});

describe('the progress line', () => {
  it('says rows, share, rate, time left and errors', () => {
    expect(plainLine(JOB)).toBe('1,216 of 5,000 rows (24 %), 812 rows/s, 4.7 s left, 3 errors');
  });

  it('says that rows are still counted while the total is unknown', () => {
    expect(plainLine({ ...rows(10, null), eta_s: null })).toBe('10 rows (counting), 812 rows/s');
  });

  it('says why a job stands still', () => {
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
    view.note('The worker was ended by SIGKILL; starting it again.');
    view.end();
    expect(terminal.screen()).toEqual([
      'The worker was ended by SIGKILL; starting it again.',
      barLine(JOB, 79),
    ]);
  });

  it('leaves nothing of a start that came to nothing', () => {
    const terminal = recordingTerminal({ live: true });
    const view = createProgressView(terminal);
    view.busy('Starting');
    view.end();
    expect(terminal.screen()).toEqual([]);
  });

  it('writes a line every 10 % or 2 s where there is no terminal', () => {
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
  it('gives times in the units that people use', () => {
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

  it('gives rates and sizes with the digits that matter', () => {
    expect([0.523, 8.44, 42.2, 12_400].map(formatRate)).toEqual(['0.52', '8.4', '42', '12,400']);
    expect([512, 1536, 250 * 1024 ** 2].map(formatBytes)).toEqual(['512 B', '1.5 KB', '250 MB']);
  });

  it('says 100 % only at the end', () => {
    expect([percentOf(4999, 5000), percentOf(5000, 5000), percentOf(0, 0)]).toEqual([99, 100, 100]);
  });
});

describe('the summary', () => {
  const ended: JobWire = {
    ...JOB,
    status: 'completed',
    rows: { total: 5000, succeeded: 4997, failed: 3, adopted: 0 },
    finished_at: '2026-11-22T10:15:36.200Z',
  };

  it('says how it went, which errors there were and where the results lie', () => {
    const errors = [{ code: 'decode_failed', rows: 3, first: { id: 'a.jpg', message: 'premature\nend' } }];
    expect(summaryText({ job: ended, stats: null, errors, answers: [] }, HOW).split('\n')).toEqual([
      'Completed: 5,000 rows, 3 failed, in 6.2 s (812 rows/s)',
      '  decode_failed: 3 rows, first a.jpg: premature end',
      '  results  /out/part-*.jsonl',
      '  errors   /out/errors-*.jsonl',
      '',
    ]);
  });

  it('says where the time of a row went, what limits the job and what to do', () => {
    expect(
      summaryText({ job: ended, stats: STATS, errors: [], answers: [] }, WITH_STATS).split('\n'),
    ).toEqual([
      'Completed: 5,000 rows, 3 failed, in 6.2 s (812 rows/s)',
      '  results  /out/part-*.jsonl',
      '  errors   /out/errors-*.jsonl',
      '    stage            per row  total  of lane time',
      '    fetch block     0.002 ms  0.0 s',
      '    read or fetch   0.020 ms  0.1 s',
      '    wait for batch  0.010 ms',
      '    wait for lane    40.0 ms',
      '    open files      0.002 ms  0.0 s           0 %',
      '    decode          0.500 ms  2.5 s          20 %',
      '    build input     0.002 ms  0.0 s           0 %',
      '    run model        2.00 ms   10 s          79 %',
      '    build answer    0.002 ms  0.0 s           0 %',
      '    other           0.002 ms  0.0 s           0 %',
      '    idle            0.020 ms  0.1 s           1 %',
      '    write           0.002 ms  0.0 s',
      '    commit          0.002 ms  0.0 s',
      '  lanes    99 % busy, 313 batches of 16 rows (99 % full)',
      'Bottleneck: inference (lanes 99 % busy, 80 % of it in the model). Advice: all is well.',
      '',
    ]);
  });

  it('leaves out what was not measured: a job whose rows were all adopted', () => {
    const stages = Object.fromEntries(Object.keys(STATS.stages).map((name) => [name, null]));
    const none = {
      ...STATS,
      stages: stages as JobStatsWire['stages'],
      utilisation: { lanes: null, decode: null, model: null },
      bottleneck: null,
    };
    expect(summaryText({ job: ended, stats: none, errors: [], answers: [] }, WITH_STATS)).toBe(
      summaryText({ job: ended, stats: null, errors: [], answers: [] }, WITH_STATS),
    );
  });

  it('shows on request every stage, the queue and the workers', () => {
    const text = statsText({ ...STATS, reason: 'queue_limit' });
    expect(text).toMatch(/^commit +0\.002 ms +0\.0 s$/m);
    expect(text).toContain('queue: 1 blocks waiting, 2 running, 3 of 64 slots in use');
    expect(text).toContain('worker w1: 2 lanes, 400 of 4,000 MB memory, 1 of 256 MB in flight');
    expect(text).toContain('waits: queue limit');
    expect(text).toMatch(/\nBottleneck: inference .*\n$/);
  });

  it('shows a few answers, and no table, no advice and no stage that nobody asked for', () => {
    const answers = [
      { id: 'a.jpg', label: 'tabby cat', score: 0.93125 },
      { id: 'long-name.jpg', label: 'class 7', score: 1 },
    ];
    const early = { ...STATS, bottleneck: { ...STATS.bottleneck!, name: 'too_early' as const } };
    const clean = { ...ended, rows: { total: 5000, succeeded: 5000, failed: 0, adopted: 0 } };
    expect(summaryText({ job: clean, stats: early, errors: [], answers }, HOW).split('\n')).toEqual([
      'Completed: 5,000 rows in 6.2 s (812 rows/s)',
      '  answers  a.jpg          tabby cat  0.931',
      '           long-name.jpg  class 7    1',
      '  results  /out/part-*.jsonl',
      '',
    ]);
  });

  it('shows the new rows of a resumed job, and apart what was there', () => {
    const resumed = { ...ended, rows: { total: 5000, succeeded: 4997, failed: 3, adopted: 1200 } };
    const text = (job: JobWire) => summaryText({ job, stats: null, errors: [], answers: [] }, HOW);
    expect(text(resumed)).toContain(
      'Completed: 3,800 new rows, 3 failed, in 6.2 s (812 rows/s); 1,200 rows were there already\n',
    );
    const whole = { ...ended, rows: { total: 5000, succeeded: 5000, failed: 0, adopted: 5000 } };
    expect(text({ ...whole, throughput: { rows_per_s: null } })).toContain(
      'Completed: all 5,000 rows were there already\n',
    );
    expect(plainLine({ ...JOB, rows: { ...JOB.rows, adopted: 1200 } })).toContain(
      '812 rows/s, 4.7 s left, 3 errors, 1,200 rows were there already',
    );
  });

  it('says how to finish a job that was cancelled or failed on the way', () => {
    const part = { total: 5000, succeeded: 1200, failed: 0, adopted: 0 };
    const text = (job: JobWire) => summaryText({ job, stats: null, errors: [], answers: [] }, HOW);
    expect(text({ ...ended, status: 'cancelled', rows: part })).toMatch(
      /^Cancelled: 1,200 of 5,000 rows in 6\.2 s .*\nFinish it with:\n {2}forebay run --resume\n$/s,
    );
    expect(text({ ...ended, status: 'cancelled', rows: { ...part, succeeded: 0 } })).toMatch(
      /^Cancelled: no row was finished\nFinish it with:\n/,
    );
    expect(text(ended)).not.toContain('Finish it');
  });

  it('has no table of zeros where nothing ran', () => {
    const stages = Object.fromEntries(Object.keys(STATS.stages).map((name) => [name, 0]));
    const nothing = {
      ...STATS,
      stages: stages as JobStatsWire['stages'],
      utilisation: { lanes: 0, decode: 0, model: 0 },
      batches: 0,
      mean_batch_rows: 0,
      bottleneck: null,
      workers: [],
      queue: { ...STATS.queue, slots: 0 },
    };
    expect(statsText(nothing)).toBe('No row has gone through a lane yet.\n');
    expect(summaryText({ job: ended, stats: nothing, errors: [], answers: [] }, WITH_STATS)).not.toMatch(
      /stage|0\.000/,
    );
  });

  it('speaks of flags where the service speaks of fields', () => {
    const message = '7 of 9 finished rows failed; max_errors is 1%.';
    const failed: JobWire = { ...ended, status: 'failed', error: { code: 'too_many_errors', message } };
    expect(summaryText({ job: failed, stats: null, errors: [], answers: [] }, HOW)).toContain(
      'reason   too_many_errors: 7 of 9 finished rows failed; --max-errors is 1%.',
    );
  });

  it('says why a job failed', () => {
    const failed: JobWire = {
      ...ended,
      status: 'failed',
      error: { code: 'all_rows_failed', message: 'No row.' },
    };
    expect(summaryText({ job: failed, stats: null, errors: [], answers: [] }, HOW)).toContain(
      'reason   all_rows_failed: No row.',
    );
  });

  it('says that an input held no row', () => {
    const empty: JobWire = {
      ...ended,
      reason: 'empty_dataset',
      rows: { total: 0, succeeded: 0, failed: 0, adopted: 0 },
    };
    const none = { stats: null, errors: [], answers: [] };
    expect(summaryText({ ...none, job: empty }, HOW)).toContain('the input holds no row');
    const why: JobWire = { ...empty, reason_text: 'Left out: all of it.' };
    expect(summaryText({ ...none, job: why }, HOW)).toContain('reason   Left out: all of it.');
  });

  it('says what was left out, and why', () => {
    const skipped = {
      not_images: { count: 1234, first: ['a.txt', 'b.json'] },
      links_outside: { count: 1, first: ['out'] },
    };
    const job = { ...ended, skipped };
    const text = summaryText({ job, stats: null, errors: [], answers: [] }, HOW);
    expect(text).toContain('left out 1,234 files that are not images by their names (a.txt, b.json, ...)\n');
    expect(text).toContain('left out 1 link to a target that the job may not read (out)\n');
  });

  it('groups errors by code, the most frequent first', async () => {
    async function* lines() {
      yield { index: 0, id: 'a', error: { code: 'empty_file', message: 'x' } };
      yield { index: 1, id: 'b', error: { code: 'decode_failed', message: 'y' } };
      yield { index: 2, id: 'c', error: { code: 'decode_failed', message: 'z' } };
    }
    expect(await groupErrors(lines())).toEqual([
      { code: 'decode_failed', rows: 2, first: { id: 'b', message: 'y' } },
      { code: 'empty_file', rows: 1, first: { id: 'a', message: 'x' } },
    ]);
  });
});

describe('tables', () => {
  it('lists jobs with aligned columns', () => {
    const [head, line] = jobsTable(
      [{ ...JOB, reason: 'queue_limit' }],
      Date.parse(JOB.created_at) + 90_000,
    ).split('\n');
    expect(line).toMatch(
      /running \(queue_limit\) +tiny +1,216 of 5,000 \(24 %\) +3 +812 +4\.7 s +1 min 30 s$/,
    );
    expect(head!.indexOf('STATUS')).toBe(line!.indexOf('running'));
  });

  it('shows one job as a list of facts', () => {
    const text = jobText({ ...JOB, metadata: { team: 'search' } }, null);
    expect(text).toMatch(/^input +files \/data$/m);
    expect(text).toMatch(/^metadata +team=search$/m);
    expect(text).not.toMatch(/^finished/m);
  });
});
