import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { jobsTable } from '#forebay/cli/jobs/job-text.js';
import { createProgressView } from '#forebay/cli/progress/progress-view.js';
import type { JobWire } from '#forebay/api/http/wire/job.js';
import { recordingTerminal } from '../../support/recording-terminal.ts';

const NASTY = '\u001b]0;owned\u0007\u009b31m\u202e';
const SHOWN = String.raw`\u001b]0;owned\u0007\u009b31m\u202e`;

describe('what the command shows', () => {
  it('has no control characters of others, on stdout, on stderr and in the line that is redrawn', () => {
    const terminal = recordingTerminal({ live: true });
    terminal.out(`${NASTY}\n`);
    terminal.err(`${NASTY}\n`);
    terminal.redraw(`${NASTY}\nmore`);
    expect(terminal.outText()).toBe(`${SHOWN}\n`);
    expect(terminal.errText()).toBe(`${SHOWN}\n\r\u001b[2K${SHOWN}\\u000amore`);
  });

  it('gives rows to a pipe as they are, and to somebody who looks as the same JSON', async () => {
    const line = `${JSON.stringify({ id: NASTY })}\n`;
    const pipe = recordingTerminal({ live: false });
    await pipe.pipe(line);
    expect(pipe.outText()).toBe(line);
    const shown = recordingTerminal({ live: false, isOutShown: true });
    await shown.pipe(line);
    expect(shown.outText()).toBe(`{"id":"${SHOWN}"}\n`);
    expect(JSON.parse(shown.outText())).toEqual(JSON.parse(line));
  });

  it('fits the line that is redrawn into the terminal, and keeps notes above it', () => {
    const terminal = recordingTerminal({ live: true });
    terminal.redraw('x'.repeat(200));
    expect(terminal.screen()).toEqual(['x'.repeat(79)]);
    const view = createProgressView(terminal);
    view.busy('Starting');
    view.note(`lane died ${NASTY}`);
    expect(terminal.screen()).toEqual([`lane died ${SHOWN}`, 'Starting ...']);
  });

  it('keeps a table in its columns, whatever names hold', () => {
    const job = {
      id: 'job_1\nforged',
      status: 'running',
      reason: null,
      model: NASTY,
      rows: { total: 1, succeeded: 0, failed: 0 },
      throughput: { rows_per_s: null },
      eta_s: null,
      finished_at: null,
      created_at: '2026-01-01T00:00:00Z',
    } as unknown as JobWire;
    const text = jobsTable([job], Date.parse(job.created_at));
    expect(text.trimEnd().split('\n')).toHaveLength(2);
    expect(text).toContain(String.raw`job_1\u000aforged`);
  });

  it('passes through one place: nothing else of the command writes to the terminal', () => {
    const root = fileURLToPath(new URL('../../../src/cli/', import.meta.url));
    const writers = readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && name !== 'terminal.ts')
      .filter((name) =>
        /std(out|err)\s*\.\s*write|console\.|writeSync\([12]|'\/dev\/(tty|std)/.test(
          readFileSync(join(root, name), 'utf8'),
        ),
      );
    expect(writers).toEqual([]);
  });
});
