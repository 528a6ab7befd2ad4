// Names in an output folder and in its staging folder.
import { expect, it } from 'vitest';
import { PART_FORMATS } from '#forebay/shared/domain/job/part-format.js';
import { folderPaths } from '#forebay/shared/storage/folder/folder-paths.js';
import {
  isPublishedName,
  partName,
  partNumber,
  stagedName,
  stagedPartName,
} from '#forebay/shared/storage/output-names.js';

it.each(PART_FORMATS)('a part of the format %s is known by its name', (format) => {
  const name = partName(12, format);
  expect(name).toBe(`part-00000012.${format}`);
  expect(folderPaths('/out').part(12, format)).toBe(`/out/${name}`);
  expect([isPublishedName(name), partNumber(name)]).toEqual([true, 12]);
  expect(partNumber(partName(123_456_789, format))).toBe(123_456_789);
  expect(stagedName(stagedPartName(12, format, 'token'))).toEqual({ kind: 'part' });
});

it.each(['errors-00000001.jsonl', 'job.json', 'manifest.json', '_SUCCESS'])('%s is published', (name) => {
  expect([isPublishedName(name), partNumber(name)]).toEqual([true, null]);
});

it.each([
  'part-00000001.txt',
  'part-1.csv',
  'part-00000001.csv.gz',
  'part-00000001xcsv',
  'errors-00000001.csv',
  '_SUCCESS.crc',
  'part-00000-0a1b.snappy.parquet',
])('%s belongs to the user', (name) => {
  expect([isPublishedName(name), partNumber(name)]).toEqual([false, null]);
});
