// A lane with all-MiniLM-L6-v2 (int8) and its known answers, computed in Python. Skipped without ../shared/data.
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RowOutcome } from '#forebay/shared/domain/row.js';
import { loadedLane, testFolder } from '../../support/lanes.ts';
import { checkedConfig } from '../../support/onnx/models.ts';
import { echoInput } from '../../support/onnx/text-graphs.ts';
import { records, runTexts, writeTextModel } from '../../support/text-models.ts';

const DATA = resolve(import.meta.dirname, '../../../../shared/data/open/text-minilm');
const hasData = existsSync(DATA);

interface Reference {
  readonly texts: string[];
  readonly ids: number[][];
  readonly int8_alone: number[][];
}
const { texts, ids, int8_alone } = (
  hasData ? JSON.parse(readFileSync(join(DATA, 'reference.json'), 'utf8')) : {}
) as Reference;

function embeddingOf(outcome: RowOutcome): number[] {
  if (!outcome.ok) throw new Error(outcome.error.message);
  return (JSON.parse(`{${outcome.result}}`) as { embedding: number[] }).embedding;
}

const tokenizer = () => {
  const path = join(DATA, 'tokenizer.json');
  const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
  return [{ field: 'tokenizer', path, sha256 }];
};

describe.skipIf(!hasData)('on ../shared/data (skipped without that folder)', () => {
  it('texts get the ids that the tokenizer gives in Python, whatever padding and truncation its file sets', async () => {
    const config = { task: 'text-embedding', max_length: 256, normalize: false, tokens_per_call: 1 };
    const model = writeTextModel(testFolder(), {
      graph: echoInput(),
      config,
      tokenizer: readFileSync(join(DATA, 'tokenizer.json')),
    });
    const lane = await loadedLane(model);
    const outcomes = await runTexts(lane, model, records(...texts));
    expect(outcomes.map(embeddingOf)).toEqual(ids);
  });

  it('in a batch of mixed lengths, each text gets the embedding that it gets alone', async () => {
    const dir = testFolder();
    copyFileSync(join(DATA, 'model.onnx'), join(dir, 'model.onnx'));
    const config = checkedConfig({ name: 'm', task: 'text-embedding', max_length: 256, pooling: 'mean' });
    const model = { dir, config, named: tokenizer() };
    const lane = await loadedLane(model);
    const outcomes = await runTexts(lane, model, records(...texts));
    let most = 0;
    for (const [row, outcome] of outcomes.entries()) {
      const found = embeddingOf(outcome);
      expect(found).toHaveLength(384);
      for (const [i, value] of found.entries()) most = Math.max(most, Math.abs(value - int8_alone[row]![i]!));
    }
    // The reference is rounded to five decimals.
    expect(most).toBeLessThan(5.001e-6);
  });
});
