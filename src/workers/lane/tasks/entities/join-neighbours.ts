/** Joins neighbouring tokens or words of one entity. Pure. */
import type { LabelledPart } from './labelled-part.ts';
import type { Tag } from './tag.ts';

/** The score of the whole is the mean of its parts. */
export function joinNeighbours(parts: readonly LabelledPart[], tags: readonly Tag[]): LabelledPart[] {
  const joined: LabelledPart[] = [];
  for (let from = 0; from < parts.length;) {
    let to = from + 1;
    while (to < parts.length && belongTogether(tags[parts[to - 1]!.label]!, tags[parts[to]!.label]!)) to += 1;
    const together = parts.slice(from, to);
    const sum = together.reduce((total, { score }) => total + score, 0);
    const [head] = together;
    joined.push({ ...head!, score: sum / together.length, end: together.at(-1)!.end });
    from = to;
  }
  return joined;
}

function belongTogether(before: Tag, after: Tag): boolean {
  return before.name === after.name && !after.begins && !before.ends;
}
