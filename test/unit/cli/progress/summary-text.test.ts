// The summary of an ended job, and the statistics in it.
import { describe, expect, it } from 'vitest';
import type { JobWire } from '#forebay/api/http/wire/job.js';
import type { JobStatsWire } from '#forebay/api/http/wire/stats.js';
import { gatherSummary } from '#forebay/cli/progress/gather-summary.js';
import { groupErrors } from '#forebay/cli/progress/error-groups.js';
import { plainLine } from '#forebay/cli/progress/progress-line.js';
import { statsText } from '#forebay/cli/progress/stats-text.js';
import { summaryText } from '#forebay/cli/progress/summary-text.js';
import { JOB, STATS } from '../../../support/job-wire.ts';

const HOW = { withStats: false, next: 'forebay run --resume' };
const WITH_STATS = { ...HOW, withStats: true };

describe('the summary', () => {
  const ended: JobWire = {
    ...JOB,
    status: 'completed',
    rows: { total: 5000, succeeded: 4997, failed: 3, adopted: 0 },
    finished_at: '2026-11-22T10:15:36.200Z',
  };

  it('shows how the job ended, its errors and where the results are', () => {
    const errors = [{ code: 'decode_failed', rows: 3, first: { id: 'a.jpg', message: 'premature\nend' } }];
    expect(summaryText({ job: ended, stats: null, errors, answers: [] }, HOW).split('\n')).toEqual([
      'Completed: 5,000 rows, 3 failed, in 6.2 s (812 rows/s)',
      '  decode_failed: 3 rows, first a.jpg: premature end',
      '  results  /out/part-*.jsonl',
      '  errors   /out/errors-*.jsonl',
      '',
    ]);
  });

  it('says what share of the rows each model of a pipeline answered, largest first', () => {
    const stats = { ...STATS, answered_by: { large: 1, small: 3 } };
    expect(summaryText({ job: ended, stats, errors: [], answers: [] }, HOW)).toContain(
      '  by       small 75.0 %, large 25.0 %\n',
    );
  });

  it('shows how long each stage took per row, what limits the job and the advice', () => {
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

  it('leaves out unmeasured values, for a job whose rows were all adopted', () => {
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

  it('shows every stage, the queue and the workers on request', () => {
    const text = statsText({ ...STATS, reason: 'queue_limit' });
    expect(text).toMatch(/^commit +0\.002 ms +0\.0 s$/m);
    expect(text).toContain('queue: 1 block waiting, 2 running, 3 of 64 slots in use');
    expect(text).toContain('worker w1: 2 lanes, 400 of 4,000 MB memory, 1 of 256 MB in flight');
    expect(text).toContain('waiting: queue limit');
    expect(text).toMatch(/\nBottleneck: inference .*\n$/);
  });

  it('shows some answers, but the stages and the advice only if statistics are requested', () => {
    const answers = [
      { id: 'a.jpg', text: 'tabby cat 0.931' },
      { id: 'long-name.jpg', text: 'class 7 1' },
    ];
    const early = { ...STATS, bottleneck: { ...STATS.bottleneck!, name: 'too_early' as const } };
    const clean = { ...ended, rows: { total: 5000, succeeded: 5000, failed: 0, adopted: 0 } };
    expect(summaryText({ job: clean, stats: early, errors: [], answers }, HOW).split('\n')).toEqual([
      'Completed: 5,000 rows in 6.2 s (812 rows/s)',
      '  answers  a.jpg          tabby cat 0.931',
      '           long-name.jpg  class 7 1',
      '  results  /out/part-*.jsonl',
      '',
    ]);
  });

  it('counts the new and the adopted rows of a resumed job separately', () => {
    const resumed = { ...ended, rows: { total: 5000, succeeded: 4997, failed: 3, adopted: 1200 } };
    const text = (job: JobWire) => summaryText({ job, stats: null, errors: [], answers: [] }, HOW);
    expect(text(resumed)).toContain(
      'Completed: 3,800 new rows, 3 failed, in 6.2 s (812 rows/s); 1,200 rows already done\n',
    );
    const whole = { ...ended, rows: { total: 5000, succeeded: 5000, failed: 0, adopted: 5000 } };
    expect(text({ ...whole, throughput: { rows_per_s: null } })).toContain(
      'Completed: all 5,000 rows already done\n',
    );
    expect(plainLine({ ...JOB, rows: { ...JOB.rows, adopted: 1200 } })).toContain(
      '812 rows/s, 4.7 s left, 3 errors, 1,200 rows already done',
    );
  });

  it('shows how to finish a job that was cancelled or failed', () => {
    const part = { total: 5000, succeeded: 1200, failed: 0, adopted: 0 };
    const text = (job: JobWire) => summaryText({ job, stats: null, errors: [], answers: [] }, HOW);
    expect(text({ ...ended, status: 'cancelled', rows: part })).toMatch(
      /^Cancelled: 1,200 of 5,000 rows in 6\.2 s .*\nTo finish it:\n {2}forebay run --resume\n$/s,
    );
    expect(text({ ...ended, status: 'cancelled', rows: { ...part, succeeded: 0 } })).toMatch(
      /^Cancelled: no row was finished\nTo finish it:\n/,
    );
    expect(text(ended)).not.toContain('To finish it');
  });

  it('has no table of zeros if nothing ran', () => {
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

  it("names flags instead of the service's fields", () => {
    const message = '7 of 9 finished rows failed; max_errors is 1%.';
    const failed: JobWire = { ...ended, status: 'failed', error: { code: 'too_many_errors', message } };
    expect(summaryText({ job: failed, stats: null, errors: [], answers: [] }, HOW)).toContain(
      'reason   too_many_errors: 7 of 9 finished rows failed; --max-errors is 1%.',
    );
  });

  it('shows why a job failed', () => {
    const failed: JobWire = {
      ...ended,
      status: 'failed',
      error: { code: 'all_rows_failed', message: 'No row.' },
    };
    expect(summaryText({ job: failed, stats: null, errors: [], answers: [] }, HOW)).toContain(
      'reason   all_rows_failed: No row.',
    );
  });

  it('reports that an input has no rows', () => {
    const empty: JobWire = {
      ...ended,
      reason: 'empty_dataset',
      rows: { total: 0, succeeded: 0, failed: 0, adopted: 0 },
    };
    const none = { stats: null, errors: [], answers: [] };
    expect(summaryText({ ...none, job: empty }, HOW)).toContain('the input has no rows');
    const why: JobWire = { ...empty, reason_text: 'Left out: all of it.' };
    expect(summaryText({ ...none, job: why }, HOW)).toContain('reason   Left out: all of it.');
  });

  it('shows what was left out, and why', () => {
    const skipped = {
      not_images: { count: 1234, first: ['a.txt', 'b.json'] },
      links_outside: { count: 1, first: ['out'] },
    };
    const job = { ...ended, skipped };
    const text = summaryText({ job, stats: null, errors: [], answers: [] }, HOW);
    expect(text).toContain('left out 1,234 files with a non-image extension (a.txt, b.json, ...)\n');
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

  it('reads error rows that the service has counted only up to the first one of each code', async () => {
    const failed = (id: string, code: 'decode_failed' | 'empty_file') => ({
      index: 0,
      id,
      error: { code, message: 'x' },
    });
    async function* lines() {
      yield failed('a', 'empty_file');
      yield failed('b', 'decode_failed');
      throw new Error('reads on');
    }
    const rows = { ...ended.rows, failed: 900 };
    const stats = { ...STATS, errors_by_code: { decode_failed: 700, empty_file: 200 } };
    const read = (counted: typeof stats) =>
      gatherSummary(
        { stats: async () => counted, errors: lines, results: async function* () {} },
        { ...ended, rows: { ...rows, succeeded: 0 } },
      );
    expect((await read(stats)).errors.map(({ code, rows: count, first }) => [code, count, first.id])).toEqual(
      [
        ['decode_failed', 700, 'b'],
        ['empty_file', 200, 'a'],
      ],
    );
    // A service that has not counted all is not believed.
    expect((await read({ ...stats, errors_by_code: { decode_failed: 700, empty_file: 1 } })).errors).toEqual(
      [],
    );
  });
});
