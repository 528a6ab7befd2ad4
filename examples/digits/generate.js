/**
 * Writes digits from digits-stream.js as JPEG files, and writes their labels. File names such as `0000012.jpg` carry no
 * label. `labels.jsonl` has one `{"id","label"}` per line, in row order.
 */
import { mkdir, open, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { digitsStream } from './digits-stream.js';

const USAGE = `usage: node examples/digits/generate.js --out DIR [--count 5000] [--seed 1] [--start 0]
       [--glyphs train|heldout] [--labels FILE]

Writes COUNT JPEG files of digits into DIR, and their labels into FILE (default: labels.jsonl in the folder
that holds DIR). The same seed gives the same files. Row i does not depend on --start or --count.`;

const FILES_AT_ONCE = 16;

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? `generate.js: ${error.message}` : error);
  process.exitCode = 1;
}

async function main() {
  const options = readArguments();
  if (options === undefined) {
    console.error(USAGE);
    process.exitCode = 2;
    return;
  }
  const { out, labels, ...rows } = options;
  const began = performance.now();
  await mkdir(out, { recursive: true });
  const labelFile = await open(labels, 'w');
  /** @type {Set<Promise<void>>} */
  const writing = new Set();
  /** @type {unknown[]} */
  const failures = [];
  let lines = '';
  try {
    for await (const { index, label, jpeg } of digitsStream(rows)) {
      const id = `${String(index).padStart(7, '0')}.jpg`;
      lines += `${JSON.stringify({ id, label })}\n`;
      if (lines.length > 2 ** 16) {
        await labelFile.write(lines);
        lines = '';
      }
      const write = writeFile(join(out, id), jpeg)
        .catch((error) => void failures.push(error))
        .finally(() => writing.delete(write));
      writing.add(write);
      if (writing.size >= FILES_AT_ONCE) await Promise.race(writing);
      if (failures.length > 0) break;
    }
    await Promise.all(writing);
    if (failures.length > 0) throw failures[0];
    await labelFile.write(lines);
  } finally {
    await Promise.all(writing);
    await labelFile.close();
  }
  const seconds = (performance.now() - began) / 1000;
  console.log(
    `${rows.count} digits (seed ${rows.seed}, ${rows.glyphs} glyphs) in ${seconds.toFixed(1)} s, ` +
      `${Math.round(rows.count / seconds)} per second\n  pictures ${out}\n  labels   ${labels}`,
  );
}

/**
 * Returns undefined if the command line is not valid.
 * @returns {{ out: string, labels: string, glyphs: 'train' | 'heldout', count: number, seed: number, start: number } | undefined}
 */
function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        out: { type: 'string' },
        labels: { type: 'string' },
        glyphs: { type: 'string', default: 'train' },
        count: { type: 'string', default: '5000' },
        seed: { type: 'string', default: '1' },
        start: { type: 'string', default: '0' },
      },
    });
    const { out, glyphs } = values;
    const [count, seed, start] = [values.count, values.seed, values.start].map(Number);
    const whole = [count, seed, start].every((n) => Number.isSafeInteger(n) && Number(n) >= 0);
    if (out === undefined || !whole || (glyphs !== 'train' && glyphs !== 'heldout')) return undefined;
    return {
      out,
      labels: values.labels ?? join(dirname(resolve(out)), 'labels.jsonl'),
      glyphs,
      count: Number(count),
      seed: Number(seed),
      start: Number(start),
    };
  } catch {
    return undefined;
  }
}
