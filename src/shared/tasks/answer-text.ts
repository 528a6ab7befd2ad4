/** A row's answer in a few words, for people. */

import { counted } from '../text/counted.ts';
import { shortened } from '../text/shortened.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Maximum number of detections, entities or segments that are named. */
const NAMED = 3;
const MOST_CHARS = 80;

/** `row`: a result row. Null if it holds no answer. */
export function answerText(row: object): string | null {
  const { index: _, id: __, ...answer } = row as Fields;
  for (const [field, text] of Object.entries(TEXTS)) {
    if (answer[field] !== undefined) return cut(text(answer[field]));
  }
  return Object.keys(answer).length === 0 ? null : cut(JSON.stringify(answer));
}

const TEXTS: Readonly<Record<string, (value: unknown) => string>> = {
  predictions: (value) => {
    const [best] = value as Fields[];
    // Without a labels file a class has only its number.
    return best === undefined ? 'no class' : named(best, `class ${String(best['index'])}`);
  },
  detections: (value) => findings(value as Fields[], 'nothing detected'),
  entities: (value) => findings(value as Fields[], 'no entity'),
  segments: (value) => findings(value as Fields[], 'no segment'),
  embedding: (value) => counted((value as unknown[]).length, 'number'),
  value: (value) => String(value),
  answer: (value) => JSON.stringify(value),
  outputs: (value) => Object.keys(value as object).join(', '),
};

function findings(all: readonly Fields[], none: string): string {
  if (all.length === 0) return none;
  const some = all.slice(0, NAMED).map((one) => named(one, '?'));
  return some.join(', ') + (all.length > NAMED ? `, and ${all.length - NAMED} more` : '');
}

function named({ label, score, text }: Fields, otherwise: string): string {
  const name = typeof label === 'string' ? label : otherwise;
  const what = typeof text === 'string' ? `${text} (${name})` : name;
  return typeof score === 'number' ? `${what} ${Number(score.toPrecision(3))}` : what;
}

function cut(text: string): string {
  return shortened(text, MOST_CHARS);
}
