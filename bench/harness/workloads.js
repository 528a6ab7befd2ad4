/** The rows that the benchmarks run. Generated ones are kept in the cache folder. */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { benchCache, root, sharedData } from './places.js';

/**
 * Repeats the list of files up to `count` entries.
 * @param {readonly string[]} files
 * @param {number} count
 */
export function repeated(files, count) {
  return Array.from({ length: count }, (_, i) => files[i % files.length]);
}

/**
 * The shared photos, repeated.
 * @param {number} count
 * @returns {string[]} paths
 */
export function photos(count) {
  const folder = sharedData('photos');
  const files = readdirSync(folder).toSorted();
  return repeated(
    files.map((file) => join(folder, file)),
    count,
  );
}

const MAX_DIGITS = 20_000;

/**
 * Generated digits, repeated. Up to 10,000 rows use 5,000 pictures, longer lists use 20,000.
 * @param {number} count
 * @returns {string[]} paths
 */
export function digits(count) {
  const most = count > 10_000 ? MAX_DIGITS : 5000;
  const folder = join(benchCache(), `digits-${most}`);
  if (!existsSync(folder)) {
    const part = `${folder}.${process.pid}`;
    mkdirSync(part);
    const args = ['--out', join(part, 'images'), '--count', String(most)];
    execFileSync(process.execPath, [join(root, 'examples', 'digits', 'generate.js'), ...args]);
    renameSync(part, folder);
  }
  const files = readdirSync(join(folder, 'images')).toSorted();
  return repeated(
    files.map((file) => join(folder, 'images', file)),
    count,
  );
}

/**
 * Writes a manifest that lists the files.
 * @param {string} name
 * @param {readonly string[]} files absolute paths
 * @returns `input` for a job, and `roots`: the folders that the job must be allowed to read
 */
export function manifest(name, files) {
  const path = temporary(`${name}-${process.pid}.txt`, files.join('\n'));
  return {
    input: { type: 'manifest', path },
    roots: [dirname(path), ...new Set(files.map((file) => dirname(file)))],
  };
}

/**
 * Writes a JSONL file.
 * @param {string} name
 * @param {readonly string[]} lines
 * @returns as `manifest`
 */
export function jsonl(name, lines) {
  const path = temporary(`${name}-${process.pid}.jsonl`, '');
  appendLines(path, lines);
  return { input: { type: 'jsonl', path }, roots: [dirname(path)] };
}

/** A text of all lines could be longer than JavaScript allows. */
const LINES_AT_ONCE = 100_000;

/**
 * @param {string} path
 * @param {readonly string[]} lines
 */
export function appendLines(path, lines) {
  for (let at = 0; at < lines.length; at += LINES_AT_ONCE)
    appendFileSync(path, `${lines.slice(at, at + LINES_AT_ONCE).join('\n')}\n`);
}

/** Writes a file that is removed when the program ends. @returns its path */
export function temporary(name, text) {
  const path = join(benchCache('manifests'), name);
  writeFileSync(path, text);
  if (written.size === 0) process.once('exit', removeWritten);
  written.add(path);
  return path;
}

const written = new Set();

function removeWritten() {
  for (const path of written) rmSync(path, { force: true });
}
