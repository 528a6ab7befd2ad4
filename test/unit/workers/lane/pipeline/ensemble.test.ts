import { expect, it } from 'vitest';
import { packOutcomes } from '#forebay/shared/domain/outcomes.js';
import { NO_TIME, type RunCalls } from '#forebay/workers/lane/models/inference.js';
import { openEnsemble, type EnsembleParts } from '#forebay/workers/lane/pipeline/ensemble.js';

it('other batches run between the calls of the models, and each model has calls of at most so many rows', async () => {
  const calls: unknown[] = [];
  const member = (name: string) => ({
    name,
    optionsFor: () => ({}),
    executor: {
      open: () => ({
        prepare: () => null,
        async run(rows: readonly number[], { callRows, between }: RunCalls) {
          calls.push(`${name}: ${rows.length} rows by ${callRows}`);
          await between!();
          return {
            outcomes: packOutcomes(rows.map(() => ({ ok: true, result: '"x":1' }))),
            timings: NO_TIME(),
          };
        },
      }),
    },
  });
  const members = [member('a'), member('b')];
  const config = { ensemble: { combine: 'all', members: members.map(({ name }) => ({ model: name })) } };
  const batch = openEnsemble(2, {}, { config, members } as unknown as EnsembleParts);
  await batch.run([0, 1], { callRows: 1, between: async () => void calls.push('between') });
  expect(calls).toEqual(['a: 2 rows by 1', 'between', 'between', 'b: 2 rows by 1', 'between']);
});
