// Token classification in a lane. The graph looks up the scores of each token.
import { expect, it } from 'vitest';
import type { RowOutcome } from '#forebay/shared/domain/row.js';
import type { OptionValues } from '#forebay/shared/tasks/task-description.js';
import { loadedLane, testFolder } from '../../support/lanes.ts';
import { byteLevelFile } from '../../support/byte-level-file.ts';
import { tokenTable } from '../../support/onnx/text-graphs.ts';
import {
  records,
  runTexts,
  VOCABULARY,
  writeTextModel,
  type TextModelParts,
} from '../../support/text-models.ts';

const LABELS = ['O', 'B-PER', 'B-LOC', 'I-LOC'];
const OF: Readonly<Record<string, string>> = {
  mary: 'B-PER',
  new: 'B-LOC',
  york: 'I-LOC',
  '##er': 'O',
  '##s': 'I-LOC',
  paris: 'B-LOC',
};
/** Logits whose softmax is 1 to six digits. */
const table = VOCABULARY.map((token) => LABELS.map((label) => (label === (OF[token] ?? 'O') ? 30 : 0)));

async function entitiesOf(
  texts: readonly string[],
  options: OptionValues = {},
  parts: Partial<TextModelParts> = {},
): Promise<unknown[]> {
  const model = writeTextModel(testFolder(), {
    graph: tokenTable({ table, output: 'logits' }),
    labels: LABELS,
    ...parts,
    config: { task: 'token-classification', activation: 'softmax', ...parts.config },
  });
  const lane = await loadedLane(model);
  const outcomes = await runTexts(lane, model, records(...texts), options);
  return outcomes.map((outcome: RowOutcome) =>
    outcome.ok ? (JSON.parse(`{${outcome.result}}`) as { entities: unknown }).entities : outcome.error,
  );
}

it('entities have positions in the original text, whatever the normaliser does to it', async () => {
  const [first, second, none] = await entitiesOf(['👍 MÁRY loves\tNew  Yorks, ok', 'Paris.', 'a b c']);
  expect(first).toEqual([
    { label: 'PER', score: 1, start: 3, end: 7, text: 'MÁRY' },
    { label: 'LOC', score: 1, start: 14, end: 24, text: 'New  Yorks' },
  ]);
  expect(second).toEqual([{ label: 'LOC', score: 1, start: 0, end: 5, text: 'Paris' }]);
  expect(none).toEqual([]);
});

it('a job chooses how tokens become entities', async () => {
  const text = ['newer yorks'];
  const textsOf = async (aggregation: string) =>
    ((await entitiesOf(text, { aggregation }))[0] as { label: string; text: string }[]).map((entity) => [
      entity.label,
      entity.text,
    ]);
  expect(await textsOf('none')).toEqual([
    ['B-LOC', 'new'],
    ['I-LOC', 'york'],
    ['I-LOC', 's'],
  ]);
  expect(await textsOf('simple')).toEqual([
    ['LOC', 'new'],
    ['LOC', 'yorks'],
  ]);
  expect(await textsOf('first')).toEqual([['LOC', 'newer yorks']]);
});

it('ignored labels and low scores are left out', async () => {
  const [found] = await entitiesOf(['mary paris'], {}, { config: { ignore_labels: ['O', 'PER'] } });
  expect(found).toMatchObject([{ text: 'paris' }]);
  const flat = VOCABULARY.map((token) => LABELS.map((label) => (label === (OF[token] ?? 'O') ? 1 : 0)));
  const unsure = { graph: tokenTable({ table: flat }) };
  expect(await entitiesOf(['mary'], { threshold: 0.5 }, unsure)).toEqual([[]]);
  expect(await entitiesOf(['mary'], { threshold: 0.4 }, unsure)).toMatchObject([[{ score: 0.475367 }]]);
});

it('entities of a text that is cut on the left have positions in the whole text', async () => {
  const text = `${'a '.repeat(30_000)}mary loves paris`;
  const [entities] = await entitiesOf([text], {}, { config: { truncation_side: 'left', max_length: 8 } });
  expect(entities).toMatchObject([
    { text: 'mary', start: 60_000 },
    { text: 'paris', start: 60_011, end: 60_016 },
  ]);
});

it('entities have positions with a byte-level tokenizer, too', async () => {
  const file = byteLevelFile() as { model: { vocab: Record<string, number> } };
  const labelOf = (id: number) => (id === file.model.vocab['Ã©'] ? 1 : 0);
  const size = Object.keys(file.model.vocab).length;
  const graph = tokenTable({
    table: Array.from({ length: size }, (_, id) => LABELS.map((_label, i) => (i === labelOf(id) ? 9 : 0))),
  });
  const [entities] = await entitiesOf(['le café'], {}, { graph, tokenizer: file });
  expect(entities).toMatchObject([{ label: 'PER', start: 6, end: 7, text: 'é' }]);
});
