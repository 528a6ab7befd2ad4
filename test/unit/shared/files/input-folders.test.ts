import { expect, it } from 'vitest';
import { createInputRule, type InputFolders } from '#forebay/shared/files/input-folders.js';

// None of these folders exist, so only the text of a path counts.
const verdicts = (folders: InputFolders, path: string) => {
  const rule = createInputRule(folders);
  return ['default', 'alice', 'bob'].map((tenant) => rule(path, tenant));
};
const all = (verdict: string) => [verdict, verdict, verdict];

const OWN = { inputRoots: ['/w'], dataDir: '/w/.forebay', outputRoots: ['/w/.forebay/results', '/w/out'] };

it.each([
  ['/w/photos/a.jpg', all('allowed')],
  ['/v/a.jpg', all('outside')],
  ['/w2/a.jpg', all('outside')],
  ['/w/.forebay', all('data_folder')],
  ['/w/.forebay/redis/appendonly.aof', all('data_folder')],
  ['/w/.forebay/spool/job_1.urls.jsonl', all('data_folder')],
  ['/w/.forebay/results/alice/job_1/part-0', ['allowed', 'allowed', 'not_yours']],
  ['/w/.forebay/results/job_1/part-0', ['allowed', 'not_yours', 'not_yours']],
  ['/w/.forebay/results/alice2/part-0', ['allowed', 'not_yours', 'not_yours']],
  ['/w/out/bob/x', ['allowed', 'not_yours', 'allowed']],
  ['/w/out', ['allowed', 'not_yours', 'not_yours']],
])('%s is %j for the operator, alice and bob', (path, expected) => {
  expect(verdicts(OWN, path)).toEqual(expected);
});

it('an input root inside an output root or the data folder is open to all', () => {
  const folders = {
    inputRoots: ['/srv/photos', '/srv/data/in'],
    dataDir: '/srv/data',
    outputRoots: ['/srv'],
  };
  expect(verdicts(folders, '/srv/photos/a.jpg')).toEqual(all('allowed'));
  expect(verdicts(folders, '/srv/data/in/a.jpg')).toEqual(all('allowed'));
  expect(verdicts(folders, '/srv/data/redis')).toEqual(all('outside'));
});

it('if one folder has two purposes, the stricter rule wins', () => {
  const same = { inputRoots: ['/srv'], dataDir: '/srv', outputRoots: ['/srv'] };
  expect(verdicts(same, '/srv/x')).toEqual(['data_folder', 'data_folder', 'data_folder']);
  expect(verdicts({ inputRoots: ['/srv'], outputRoots: ['/srv'] }, '/srv/alice/x')).toEqual([
    'allowed',
    'allowed',
    'not_yours',
  ]);
});
