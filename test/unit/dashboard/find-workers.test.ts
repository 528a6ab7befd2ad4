// The field that finds workers.
import { expect, it } from 'vitest';
import { findWorkers } from '../../../dashboard/parts/find-workers.ts';

it('finds workers by every word, in any of their fields', () => {
  const model = (status: 'serving' | 'failed') => ({ name: 'resnet50', status });
  const workers = [
    { host: 'Node-1', pid: 7, pool: 'gpu', status: 'running', models: [model('serving')] },
    { host: 'Node-2', pid: 8, pool: 'gpu', status: 'draining', models: [model('failed')] },
    { host: 'Node-2', pid: 9, pool: 'default', status: 'running', models: [] },
  ] as const;
  const found = (text: string) => findWorkers(workers, text).map(({ pid }) => pid);
  expect(found('')).toEqual([7, 8, 9]);
  expect(found(' node-2 GPU ')).toEqual([8]);
  expect(found('resnet50 failed')).toEqual([8]);
  expect(found('running node-2')).toEqual([9]);
  expect(found('elsewhere')).toEqual([]);
});
