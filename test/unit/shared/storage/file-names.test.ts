import { expect, it } from 'vitest';
import {
  fileListName,
  fileName,
  fileNumber,
  fileRowsName,
  folderOf,
  isFileFrom,
  isFilePath,
} from '#forebay/shared/storage/file-names.js';

it.each([
  ['cat', 'label=cat'],
  ['a/b c%', 'label=a%2Fb%20c%25'],
  ['..', 'label=.%2E'],
  ['Dr. No.', 'label=Dr.%20No%2E'],
  ['x=1\n"', 'label=x%3D1%0A%22'],
  ['Größe', 'label=Größe'],
  ['a\ud800', 'label=a\ufffd'],
  [null, 'label=__HIVE_DEFAULT_PARTITION__'],
  ['', 'label=__HIVE_DEFAULT_PARTITION__'],
  ['__HIVE_DEFAULT_PARTITION', 'label=%5F_HIVE_DEFAULT_PARTITION'],
])('the folder of %j is %s', (value, folder) => {
  expect(folderOf('label', value)).toEqual({ ok: true, folder });
  const path = fileName(7, 'csv', folder);
  expect([isFilePath(path), fileNumber(path)]).toEqual([true, 7]);
});

it('a value that is too long for a file system has no folder', () => {
  expect(folderOf('label', 'x'.repeat(249)).ok).toBe(true);
  for (const text of ['x'.repeat(250), '/'.repeat(84)])
    expect(folderOf('label', text)).toEqual({ ok: false, why: 'is too long for the name of a folder' });
});

it('a text that readers would take for null has no folder, however it is escaped', () => {
  expect(folderOf('label', '__HIVE_DEFAULT_PARTITION__')).toEqual({
    ok: false,
    why: 'stands for null in the name of a folder',
  });
});

it('tells the files of a retry from those of earlier jobs', () => {
  const own = [fileName(12, 'csv', 'a=b'), fileListName(13), fileRowsName(12)];
  const others = [
    fileName(11, 'csv'),
    fileListName(0),
    fileRowsName(11),
    'data/mine.csv',
    'part-00000012.csv',
  ];
  expect([...own, ...others].filter((path) => isFileFrom(12, path))).toEqual(own);
});

it('knows its own files only', () => {
  for (const path of ['data/compact-00000000.csv', '_compact-00000000.jsonl'])
    expect(isFilePath(path)).toBe(true);
  for (const path of [
    'compact-00000000.csv',
    'data/mine.csv',
    'data/a/compact-00000000.csv',
    'data/a=b/c/compact-00000000.csv',
  ])
    expect(isFilePath(path)).toBe(false);
});
