/** Whether the labels beside a graph fit its classes. Pure. */
import type { Hints } from '../hints.ts';
import { counted } from '../../../shared/text/counted.ts';

/**
 * Returns null if no labels fit, and adds the reason to `guesses`. `classes`: null if the graph does not say. `isBinary`:
 * whether one number per row may stand for two classes.
 */
export function fittingLabels(
  { labels }: Hints,
  classes: number | null,
  guesses: string[],
  isBinary = true,
): readonly string[] | null {
  if (labels === null) {
    guesses.push(`labels: none; put ${wanted(classes, isBinary)}, and add "labels": "labels.txt"`);
    return null;
  }
  const { names, source } = labels;
  if (classes === null || names.length === classes || (isBinary && classes === 1 && names.length === 2))
    return names;
  guesses.push(
    `labels: none; ${source} has ${counted(names.length, 'name')}, but the output has ${counted(classes, 'class', 'classes')}`,
  );
  return null;
}

function wanted(classes: number | null, isBinary: boolean): string {
  if (classes !== 1) return `${classes ?? 'the'} class names into labels.txt, one per line`;
  if (!isBinary) return 'the name of the class into labels.txt';
  return 'one class name into labels.txt, or for a logit the names of both classes, one per line (a high number means the second)';
}
