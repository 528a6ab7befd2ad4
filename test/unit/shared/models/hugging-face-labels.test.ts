// Why the config.json of a Hugging Face folder has no class names.
import { expect, it } from 'vitest';
import { usableLabels } from '#forebay/shared/models/hugging-face/classes.js';

it.each([
  ['no id2label', {}, /^config\.json has no id2label: name a file of labels$/],
  ['null', { id2label: null }, /^config\.json has no id2label/],
  [
    'a number left out',
    { id2label: { 0: 'a', 2: 'c' } },
    /an id2label that does not map 0, 1, 2 \.\.\. to names/,
  ],
  ['numbers as names', { id2label: { 0: 1, 1: 2 } }, /an id2label that does not map 0, 1, 2 \.\.\. to names/],
])('says what is wrong with the labels: %s', (_, config, why) => {
  const { fields, missing } = usableLabels(config);
  expect(fields).toEqual({});
  expect(missing.get('/labels')).toMatch(why);
});
