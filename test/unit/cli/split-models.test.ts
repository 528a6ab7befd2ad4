import { expect, it } from 'vitest';
import { splitModels } from '#forebay/cli/options/service-flags.js';

const isFolder = (path: string) => path === 'models';

it('takes folders and names of models in one flag', () => {
  expect(splitModels(undefined, isFolder)).toEqual({});
  expect(splitModels(['a,b'], isFolder)).toEqual({ serve: ['a', 'b'] });
  expect(splitModels(['models', './more', 'a'], isFolder)).toEqual({
    models: ['models', './more'],
    serve: ['a'],
  });
  expect(splitModels(['models,a'], isFolder)).toEqual({ models: ['models'], serve: ['a'] });
});
