import { expect, it } from 'vitest';
import { createEntityFinder } from '#forebay/workers/lane/tasks/entities/find-entities.js';
import { readTags } from '#forebay/workers/lane/tasks/entities/tag.js';
import { toScores } from '#forebay/workers/lane/tasks/entities/token-scores.js';

const LABELS = ['O', 'B-PER', 'I-PER', 'B-LOC', 'I-LOC'];

interface Entity {
  readonly label: string;
  readonly score: number;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A token is its text, whether it continues a word, its label, and the label's score. One space separates words. */
function entitiesOf(
  tokens: readonly (readonly [string, boolean, string, number])[],
  aggregation: 'none' | 'simple' | 'first' | 'max',
  more: { readonly threshold?: number; readonly labels?: readonly string[] } = {},
): Entity[] {
  const labels = more.labels ?? LABELS;
  let text = '';
  const starts: number[] = [];
  const ends: number[] = [];
  for (const [word, continues] of tokens) {
    if (text !== '' && !continues) text += ' ';
    starts.push(text.length);
    text += word;
    ends.push(text.length);
  }
  // A special token comes first.
  const rows = [
    labels.map(() => 0),
    ...tokens.map(([, , label, score]) => labels.map((l) => (l === label ? score : 0))),
  ];
  const scores = toScores(Float32Array.from(rows.flat()), rows.length, labels.length, 'none');
  const offsets = { text, first: 1, starts, ends, continues: tokens.map(([, continues]) => continues) };
  const outcome = createEntityFinder(labels, ['O']).answer(scores, offsets, {
    aggregation,
    threshold: more.threshold ?? null,
  });
  if (!outcome.ok) throw new Error(outcome.error.message);
  return (JSON.parse(`{${outcome.result}}`) as { entities: Entity[] }).entities;
}

const MARY = [
  ['Mary', false, 'B-PER', 0.5],
  ['Ann', false, 'I-PER', 1],
  ['loves', false, 'O', 1],
  ['Par', false, 'B-LOC', 0.75],
  ['is', true, 'O', 0.5],
] as const;

it('"none" answers each token with its whole label', () => {
  expect(entitiesOf(MARY, 'none')).toEqual([
    { label: 'B-PER', score: 0.5, start: 0, end: 4, text: 'Mary' },
    { label: 'I-PER', score: 1, start: 5, end: 8, text: 'Ann' },
    { label: 'B-LOC', score: 0.75, start: 15, end: 18, text: 'Par' },
  ]);
});

it('"simple" joins neighbours of one label, with the mean of their scores', () => {
  expect(entitiesOf(MARY, 'simple')).toEqual([
    { label: 'PER', score: 0.75, start: 0, end: 8, text: 'Mary Ann' },
    { label: 'LOC', score: 0.75, start: 15, end: 18, text: 'Par' },
  ]);
});

it('"first" and "max" label whole words', () => {
  expect(entitiesOf(MARY, 'first').at(-1)).toEqual({
    label: 'LOC',
    score: 0.75,
    start: 15,
    end: 20,
    text: 'Paris',
  });
  const unsure = [
    ['Par', false, 'O', 0.5],
    ['is', true, 'B-LOC', 0.75],
  ] as const;
  expect(entitiesOf(unsure, 'first')).toEqual([]);
  expect(entitiesOf(unsure, 'max')).toEqual([{ label: 'LOC', score: 0.75, start: 0, end: 5, text: 'Paris' }]);
});

it('a label that begins an entity separates it from an entity of the same kind', () => {
  const two = [
    ['Mary', false, 'B-PER', 1],
    ['Ann', false, 'B-PER', 1],
  ] as const;
  expect(entitiesOf(two, 'simple').map(({ text }) => text)).toEqual(['Mary', 'Ann']);
});

it('a threshold leaves out entities with a lower score', () => {
  expect(entitiesOf(MARY, 'simple', { threshold: 0.76 })).toEqual([]);
  expect(entitiesOf(MARY, 'none', { threshold: 0.75 }).map(({ text }) => text)).toEqual(['Ann', 'Par']);
});

it('labels may also mark the end of an entity, or a whole entity', () => {
  const labels = ['O', 'B-PER', 'E-PER', 'S-PER'];
  const tokens = [
    ['Ann', false, 'S-PER', 1],
    ['Mary', false, 'B-PER', 1],
    ['Lou', false, 'E-PER', 1],
    ['Max', false, 'E-PER', 1],
  ] as const;
  expect(entitiesOf(tokens, 'simple', { labels }).map(({ text }) => text)).toEqual([
    'Ann',
    'Mary Lou',
    'Max',
  ]);
  expect(readTags(['O', 'PER', 'E-MAIL'], ['O']).map(({ name }) => name)).toEqual(['O', 'PER', 'E-MAIL']);
});

it('a score that is not finite is an error of the row', () => {
  const scores = toScores(Float32Array.of(NaN, NaN), 1, 2, 'softmax');
  const offsets = { text: 'a', first: 0, starts: [0], ends: [1], continues: [false] };
  const finder = createEntityFinder(['O', 'X'], ['O']);
  expect(finder.answer(scores, offsets, { aggregation: 'none', threshold: null })).toMatchObject({
    error: { code: 'inference_failed' },
  });
});
