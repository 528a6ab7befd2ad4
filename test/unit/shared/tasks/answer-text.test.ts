import { expect, it } from 'vitest';
import { answerText } from '#forebay/shared/tasks/answer-text.js';

it.each([
  [{ predictions: [{ index: 3, label: 'cat', score: 0.91234 }] }, 'cat 0.912'],
  [{ predictions: [{ index: 3, score: 1 }] }, 'class 3 1'],
  [{ predictions: [] }, 'no class'],
  [{ embedding: [0.1, 0.2] }, '2 numbers'],
  [{ detections: [] }, 'nothing detected'],
  [
    { detections: ['a', 'b', 'c', 'd'].map((label) => ({ label, score: 0.5 })) },
    'a 0.5, b 0.5, c 0.5, and 1 more',
  ],
  [{ entities: [{ label: 'PER', text: 'Ada', score: 0.99 }] }, 'Ada (PER) 0.99'],
  [{ value: 7.5 }, '7.5'],
  [{ outputs: { y: [1], z: 2 } }, 'y, z'],
  [{ other: 'x'.repeat(100) }, `{"other":"${'x'.repeat(70)}...`],
  [{}, null],
])('%j in words is %j', (answer, text) => {
  expect(answerText({ index: 0, id: 'a', ...answer })).toBe(text);
});
