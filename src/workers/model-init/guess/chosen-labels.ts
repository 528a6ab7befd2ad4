/** Whether the labels beside a graph fit its classes. Pure. */
import type { Hints } from '../hints.ts';

/** Returns null if no labels fit, and adds the reason to `guesses`. `classes`: null if the graph does not say. */
export function fittingLabels(
  { labels }: Hints,
  classes: number | null,
  guesses: string[],
): readonly string[] | null {
  const count = classes ?? 'the';
  if (labels === null) {
    guesses.push(
      `labels: none; put ${count} class names into labels.txt, one per line, and add "labels": "labels.txt"`,
    );
    return null;
  }
  const { names, source } = labels;
  if (classes === null || names.length === classes || (classes === 1 && names.length === 2)) return names;
  guesses.push(`labels: none; ${source} has ${names.length} names, but the output has ${count} classes`);
  return null;
}
