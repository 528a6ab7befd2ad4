/** Finds out when the blocks of a job were committed, from the parts in its output folder. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parquetMetadata } from 'hyparquet';

/** The files with results that workers write. */
export const PART = /^part-.*\.(?:jsonl|parquet)$/;
const LEAST_PARTS = 3;
/**
 * The shared window opens when the slowest job has committed this share of its rows. Earlier commits are bunched, because
 * all lanes start their first block at the same moment.
 */
const FROM = 0.1;
/**
 * The shared window closes when the fastest job has committed this share of its rows. Its last blocks leave cores idle,
 * and the other jobs would use these cores.
 */
const UNTIL = 0.95;

/**
 * @param {string} folder output of a job
 * @returns {string[]} paths of its parts
 */
export function partsOf(folder) {
  return readdirSync(folder)
    .filter((file) => PART.test(file))
    .map((file) => join(folder, file));
}

/**
 * The commits of a job in order of time. A part is written just before its block is committed.
 * @param {string} folder output of the job
 * @returns {{ at: number, rows: number }[]} at: ms since the epoch. Throws Error if there are too few for a rate.
 */
export function commitsOf(folder) {
  const commits = partsOf(folder)
    .map((path) => ({
      at: statSync(path).mtimeMs,
      rows: rowsIn(path),
    }))
    .toSorted((a, b) => a.at - b.at);
  if (commits.length < LEAST_PARTS) {
    throw new Error(`${commits.length} parts are too few for a steady state: give the job more rows`);
  }
  return commits;
}

function rowsIn(path) {
  if (path.endsWith('.jsonl')) return readFileSync(path, 'utf8').split('\n').length - 1;
  const { buffer, byteOffset, length } = readFileSync(path);
  return Number(parquetMetadata(buffer.slice(byteOffset, byteOffset + length)).num_rows);
}

/** Rows committed up to a moment. Interpolates between commits, because the rows of a block are computed gradually. */
export function rowsAt(commits, moment) {
  let rows = 0;
  let before = null;
  for (const commit of commits) {
    if (commit.at > moment) {
      return before === null ? 0 : rows + (commit.rows * (moment - before)) / (commit.at - before);
    }
    rows += commit.rows;
    before = commit.at;
  }
  return rows;
}

/** Rows per second between two moments, in ms since the epoch. */
export function rateBetween(commits, { from, to }) {
  return ((rowsAt(commits, to) - rowsAt(commits, from)) / (to - from)) * 1000;
}

/** From the first commit to the last. */
export function wholeWindow(commits) {
  return { from: commits[0].at, to: commits.at(-1).at };
}

/**
 * The window in which all jobs run side by side. It opens when every job runs steadily. It closes shortly before the first
 * job ends, because the remaining jobs then have the machine to themselves.
 * @param {readonly { at: number, rows: number }[][]} all commits of each job
 */
export function sharedWindow(all) {
  const from = Math.max(...all.map((commits) => whenReached(commits, FROM)));
  const to = Math.min(...all.map((commits) => whenReached(commits, UNTIL)));
  if (to <= from) throw new Error('the jobs did not overlap long enough: give them more rows');
  return { from, to };
}

/** When a job has committed a share of its rows. @param {number} share 0..1 */
function whenReached(commits, share) {
  const wanted = commits.reduce((sum, one) => sum + one.rows, 0) * share;
  let rows = 0;
  for (const { at, rows: more } of commits) {
    rows += more;
    if (rows >= wanted) return at;
  }
  return commits.at(-1).at;
}
