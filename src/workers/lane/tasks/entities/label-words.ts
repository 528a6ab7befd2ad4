/** Gives each word one label, chosen from the labels of its tokens. Pure. */
import type { TextOffsets } from '../../text/row-encoder.ts';
import type { LabelledPart } from './labelled-part.ts';
import type { TokenScores } from './token-scores.ts';

/** `first`: a word has the label of its first token. `max`: the label of its token with the highest score. */
export function labelWords(
  scores: TokenScores,
  { first, starts, ends, continues }: TextOffsets,
  rule: 'first' | 'max',
): LabelledPart[] {
  const words: LabelledPart[] = [];
  for (let from = 0; from < starts.length;) {
    let to = from + 1;
    while (to < starts.length && continues[to]!) to += 1;
    const token = rule === 'first' ? from : surest(scores, first, from, to);
    const label = scores.best(first + token);
    words.push({
      label,
      score: scores.score(first + token, label),
      start: starts[from]!,
      end: ends[to - 1]!,
    });
    from = to;
  }
  return words;
}

/** The token whose best label has the highest score. */
function surest(scores: TokenScores, first: number, from: number, to: number): number {
  const sureness = (token: number) => scores.score(first + token, scores.best(first + token));
  let best = from;
  for (let token = from + 1; token < to; token++) if (sureness(token) > sureness(best)) best = token;
  return best;
}
