/** Finds the entities of a text from the scores of its tokens, as JSON text. Rules are those of Hugging Face's pipeline. */
import type { RowOutcome } from '../../../../shared/domain/row.ts';
import type { Aggregation } from '../../../../shared/tasks/text/aggregation.ts';
import type { TextOffsets } from '../../text/row-encoder.ts';
import { SCORE_DIGITS } from '../classification.ts';
import { digitsText } from '../number-text.ts';
import { joinNeighbours } from './join-neighbours.ts';
import { labelWords } from './label-words.ts';
import type { LabelledPart } from './labelled-part.ts';
import { readTags } from './tag.ts';
import type { TokenScores } from './token-scores.ts';

export interface EntityOptions {
  readonly aggregation: Aggregation;
  /** The lowest score of the answer. Null: any. */
  readonly threshold: number | null;
}

export interface EntityFinder {
  answer(scores: TokenScores, offsets: TextOffsets, options: EntityOptions): RowOutcome;
}

export function createEntityFinder(labels: readonly string[], ignored: readonly string[]): EntityFinder {
  const tags = readTags(labels, ignored);
  const isIgnored = labels.map((label) => ignored.includes(label));
  const isIgnoredName = tags.map(({ name }) => ignored.includes(name));
  const fullNames = labels.map((label) => JSON.stringify(label));
  const names = tags.map(({ name }) => JSON.stringify(name));

  function partsOf(scores: TokenScores, offsets: TextOffsets, aggregation: Aggregation): LabelledPart[] {
    if (aggregation === 'first' || aggregation === 'max') {
      return joinNeighbours(labelWords(scores, offsets, aggregation), tags);
    }
    const tokens = labelTokens(scores, offsets);
    return aggregation === 'none' ? tokens : joinNeighbours(tokens, tags);
  }

  return {
    answer(scores, offsets, { aggregation, threshold }) {
      const single = aggregation === 'none';
      let entities = '';
      for (const { label, score, start, end } of partsOf(scores, offsets, aggregation)) {
        if (!Number.isFinite(score)) return NOT_FINITE;
        if ((single ? isIgnored : isIgnoredName)[label] || (threshold !== null && score < threshold))
          continue;
        const name = (single ? fullNames : names)[label]!;
        const text = JSON.stringify(offsets.text.slice(start, end));
        const digits = digitsText(score, SCORE_DIGITS);
        entities += `${entities === '' ? '' : ','}{"label":${name},"score":${digits},"start":${start},"end":${end},"text":${text}}`;
      }
      return { ok: true, result: `"entities":[${entities}]` };
    },
  };
}

const NOT_FINITE: RowOutcome = {
  ok: false,
  error: {
    code: 'inference_failed',
    message: 'the model returned scores that are not finite (NaN or infinite)',
  },
};

function labelTokens(scores: TokenScores, { first, starts, ends }: TextOffsets): LabelledPart[] {
  return starts.map((start, i) => {
    const label = scores.best(first + i);
    return { label, score: scores.score(first + i, label), start, end: ends[i]! };
  });
}
