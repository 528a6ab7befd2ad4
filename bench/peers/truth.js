/** The right classes of the shared photos. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { sharedData } from '../harness/places.js';

/**
 * @param {readonly string[]} files paths; an enlarged photo has the file name of its source
 * @returns {Record<string, number>} the right class by path
 */
export function classesOf(files) {
  const lines = readFileSync(sharedData('labels', 'photos.jsonl'), 'utf8').trim().split('\n');
  const classes = new Map(
    lines.map((line) => JSON.parse(line)).map(({ file, index }) => [basename(file), index]),
  );
  return Object.fromEntries(files.map((path) => [path, classes.get(basename(path))]));
}
