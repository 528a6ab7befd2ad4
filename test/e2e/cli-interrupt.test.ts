// `forebay run` is interrupted by Ctrl-C, or its worker, its launcher or all its processes are killed.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { forebayCommands, type ForebayCommands, type RunningForebay } from '../support/forebay-command.ts';
import { writeModelFolder } from '../support/onnx/models.ts';
import { slowModel } from '../support/onnx/special-models.ts';
import { indexes, readOutput, upTo, writeImages } from '../support/service.ts';
import { waitUntil } from '../support/wait-until.ts';

const ROWS = 12;
let folder: string;
let forebay: ForebayCommands;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cli-interrupt-'));
  forebay = forebayCommands(folder);
  const config = { name: 'slow', task: 'image-classification', preprocess: { crop: 8 }, top_k: 1 };
  writeModelFolder(join(folder, 'slow'), slowModel(8, 1), config);
  await writeImages(join(folder, 'images'), ROWS);
  expect((await run('undisturbed').ended).code).toBe(0);
}, 120_000);
afterEach(() => forebay.nothingLeft());
afterAll(async () => {
  await forebay.close();
  rmSync(folder, { recursive: true });
});

/** One row per model call, so that an answer does not depend on other rows. Each call takes about 0.2 s. */
function run(output: string, ...more: string[]): RunningForebay {
  const shape = ['--lanes', '1', '--batch-size', '1', '--block-rows', '2'];
  return forebay.start('run', '--model', 'slow', '--input', 'images', '--output', output, ...shape, ...more);
}

function parts(output: string): string[] {
  try {
    return readdirSync(join(folder, output)).filter((name) => name.startsWith('part-'));
  } catch {
    return [];
  }
}
const bytes = (output: string) =>
  parts(output).map((name) => [name, readFileSync(join(folder, output, name), 'utf8')]);
const midway = (output: string) => waitUntil('some parts', () => parts(output).length >= 2);
const times = (output: string, names: readonly string[]) =>
  names.map((name) => statSync(join(folder, output, name)).mtimeMs);

async function resumes(output: string): Promise<void> {
  const done = parts(output);
  const before = times(output, done);
  expect(done.length).toBeLessThan(ROWS / 2);
  expect(await run(output, '--resume').ended).toMatchObject({ code: 0 });
  expect(bytes(output)).toEqual(bytes('undisturbed'));
  // Existing parts are not computed again.
  expect(times(output, done)).toEqual(before);
}

describe('an interrupted forebay run', () => {
  it('stops cleanly at Ctrl-C with exit code 130, prints how to resume, and resumes to the same rows', async () => {
    const running = run('interrupted');
    await midway('interrupted');
    running.interrupt();
    const ended = await running.ended;
    expect(ended).toMatchObject({ code: 130, signal: null });
    expect(ended.err).toContain('Stopping when the running blocks are finished');
    expect(ended.err).toMatch(/Stopped: \d+ of 12 rows done and kept in .*interrupted\. To finish it:/);
    expect(ended.err).toMatch(/run --model slow --input images --output interrupted .* --resume\n$/);
    await forebay.nothingLeft();
    await resumes('interrupted');
  });

  it('stops immediately at a second Ctrl-C', async () => {
    const running = run('forced');
    await midway('forced');
    running.interrupt();
    await waitUntil('the first Ctrl-C to arrive', () => running.err().includes('Stopping'));
    // Ctrl-C signals several processes. It is pressed again and again until all of them have ended.
    const again = setInterval(() => running.interrupt(), 400);
    const ended = await running.ended;
    clearInterval(again);
    expect(ended.code).toBe(130);
  });

  it('leaves no process behind when its launcher is killed, and resumes after all its processes were killed', async () => {
    const orphaned = run('orphaned');
    await midway('orphaned');
    orphaned.killLauncher();
    await orphaned.ended;
    await waitUntil('all processes to end', () => forebay.find('').length === 0);

    const killed = run('killed');
    await midway('killed');
    killed.killTree();
    expect(await killed.ended).toMatchObject({ signal: 'SIGKILL' });
    // The next run also removes the leftovers of the killed runs.
    await resumes('killed');
  });

  it('restarts a killed worker and answers every row once', async () => {
    const running = run('survived');
    await midway('survived');
    for (const pid of forebay.find('dist/workers/main.js')) process.kill(pid, 'SIGKILL');
    const ended = await running.ended;
    expect(ended.code).toBe(0);
    expect(ended.err).toContain('The worker was ended by SIGKILL. Restarting it.');
    expect(indexes(readOutput(join(folder, 'survived')))).toEqual(upTo(ROWS));
    expect(bytes('survived')).toEqual(bytes('undisturbed'));
  });
});
