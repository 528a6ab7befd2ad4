/** Generated rows that are records: lines of JSON. The same count gives the same rows. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { IRIS_COLUMNS } from './models.js';
import { sharedData } from './places.js';
import { repeated } from './workloads.js';

/** Texts per group. Each group has the same lengths in another order, so any run has the same work per text. */
const SAME_LENGTHS = 128;
const FEWEST_TOKENS = 4;
const MOST_TOKENS = 256;
/** [CLS] and [SEP]. */
const SPECIAL_TOKENS = 2;
/** Numbers of different rows. Longer lists repeat them. */
const TEXTS = 1024;
const IRISES = 8192;

/**
 * Texts of 4 to `most` tokens. The logarithms of their lengths are evenly spread. If `most` is 256, half of the texts
 * have up to 32 tokens.
 * @param {number} count
 */
export function texts(count, most = MOST_TOKENS) {
  const words = wholeWords();
  const random = seededRandom(1);
  const groups = Array.from({ length: TEXTS / SAME_LENGTHS }, () => shuffled(lengths(most), random));
  const made = groups.flat().map((tokens) => {
    const own = Array.from(
      { length: tokens - SPECIAL_TOKENS },
      () => words[Math.floor(random() * words.length)],
    );
    return JSON.stringify({ text: own.join(' ') });
  });
  return repeated(made, count);
}

function lengths(most) {
  return Array.from({ length: SAME_LENGTHS }, (_, i) =>
    Math.round(FEWEST_TOKENS * (most / FEWEST_TOKENS) ** ((i + 0.5) / SAME_LENGTHS)),
  );
}

/** Words that the tokenizer of MiniLM does not split. */
function wholeWords() {
  const file = JSON.parse(readFileSync(sharedData('open', 'text-minilm', 'tokenizer.json'), 'utf8'));
  return Object.keys(file.model.vocab).filter((word) => /^[a-z]{2,}$/.test(word));
}

/** Lengths and widths in cm, with one decimal. */
export function irises(count) {
  const random = seededRandom(2);
  const ranges = [
    [4.3, 7.9],
    [2, 4.4],
    [1, 6.9],
    [0.1, 2.5],
  ];
  const made = Array.from({ length: IRISES }, () => {
    const values = ranges.map(([from, to]) => Math.round((from + random() * (to - from)) * 10) / 10);
    return JSON.stringify(Object.fromEntries(IRIS_COLUMNS.map((column, i) => [column, values[i]])));
  });
  return repeated(made, count);
}

/** Rows for Magika: the first and the last 1,024 bytes of each file of its reference. 256 stands for a missing byte. */
export function byteRows(count) {
  const file = sharedData('models', 'magika.reference.json.gz');
  const reference = JSON.parse(gunzipSync(readFileSync(file)).toString());
  const filled = (bytes) => Array(1024 - bytes.length).fill(256);
  const made = reference
    .map(({ content_base64 }) => Buffer.from(content_base64, 'base64'))
    .filter((content) => content.length >= 8)
    .map((content) => {
      const [begin, end] = [[...content.subarray(0, 1024)], [...content.subarray(-1024)]];
      return JSON.stringify({ bytes: [...begin, ...filled(begin), ...filled(end), ...end] });
    });
  return repeated(made, count);
}

function shuffled(values, random) {
  return values
    .map((value) => ({ value, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ value }) => value);
}

/** @returns {() => number} numbers from 0 to 1 */
function seededRandom(seed) {
  let state = (seed * 0x9e3779b9) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
