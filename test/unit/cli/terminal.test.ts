import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { jobsTable } from '#forebay/cli/jobs/job-text.js';
import { createProgressView } from '#forebay/cli/progress/progress-view.js';
import { JOB } from '../../support/job-wire.ts';
import { recordingTerminal } from '../../support/recording-terminal.ts';

const NASTY = '\u001b]0;owned\u0007\u009b31m\u202e';
const SHOWN = String.raw`\u001b]0;owned\u0007\u009b31m\u202e`;

describe('the output of the command', () => {
  it('has no foreign control characters, on stdout, on stderr and in the redrawn line', () => {
    const terminal = recordingTerminal({ live: true });
    terminal.out(`${NASTY}\n`);
    terminal.err(`${NASTY}\n`);
    terminal.redraw(`${NASTY}\nmore`);
    expect(terminal.outText()).toBe(`${SHOWN}\n`);
    expect(terminal.errText()).toBe(`${SHOWN}\n\r\u001b[2K${SHOWN}\\u000amore`);
  });

  it('gives rows to a pipe unchanged, and to a screen as equal JSON', async () => {
    const line = `${JSON.stringify({ id: NASTY })}\n`;
    const pipe = recordingTerminal({ live: false });
    await pipe.pipe(line);
    expect(pipe.outText()).toBe(line);
    const shown = recordingTerminal({ live: false, isOutShown: true });
    await shown.pipe(line);
    expect(shown.outText()).toBe(`{"id":"${SHOWN}"}\n`);
    expect(JSON.parse(shown.outText())).toEqual(JSON.parse(line));
  });

  it('fits the redrawn line into the terminal and keeps notes above it', () => {
    const terminal = recordingTerminal({ live: true });
    terminal.redraw('x'.repeat(200));
    expect(terminal.screen()).toEqual(['x'.repeat(79)]);
    const view = createProgressView(terminal);
    view.busy('Starting');
    view.note(`lane died ${NASTY}`);
    expect(terminal.screen()).toEqual([`lane died ${SHOWN}`, 'Starting ...']);
  });

  it('keeps the columns of a table, whatever characters the names contain', () => {
    const job = { ...JOB, id: 'job_1\nforged', model: NASTY };
    const text = jobsTable([job], Date.parse(job.created_at));
    expect(text.trimEnd().split('\n')).toHaveLength(2);
    expect(text).toContain(String.raw`job_1\u000aforged`);
  });

  it('passes through one file, and nothing else writes to the terminal', () => {
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
