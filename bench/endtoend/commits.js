/** When the blocks of a job were committed, read from the parts in its output folder. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const PART = /^part-.*\.jsonl$/;
const LEAST_PARTS = 3;

/** @param {string} folder output of a job @returns {string[]} paths of its parts */
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
      rows: readFileSync(path, 'utf8').split('\n').length - 1,
    }))
    .toSorted((a, b) => a.at - b.at);
  if (commits.length < LEAST_PARTS) {
    throw new Error(`${commits.length} parts are too few for a steady state: give the job more rows`);
  }
  return commits;
}

/** Rows committed by a moment. Between two commits it interpolates, because the rows of a block are computed one by one. */
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

/** The moment of the commit that brings a job to a share of its rows. @param {number} share 0..1 */
export function whenReached(commits, share) {
  const wanted = commits.reduce((sum, one) => sum + one.rows, 0) * share;
  let rows = 0;
  for (const { at, rows: more } of commits) {
    rows += more;
    if (rows >= wanted) return at;
  }
  return commits.at(-1).at;
}

/** Rows per second between two moments, in ms since the epoch. */
export function rateBetween(commits, { from, to }) {
  return ((rowsAt(commits, to) - rowsAt(commits, from)) / (to - from)) * 1000;
}

/** From the first commit to the last. */
export function wholeWindow(commits) {
  return { from: commits[0].at, to: commits.at(-1).at };
}
