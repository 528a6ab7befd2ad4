/** The marks of a row as a list, with the colours that they have in the picture. */
import { count } from '../format.ts';
import { markText } from './answer-text.ts';
import { colourOf } from './label-colours.ts';
import type { Mark } from './marks.ts';

export function MarkList({ marks, most }: { marks: readonly Mark[]; most: number }) {
  if (marks.length === 0) return null;
  return (
    <ul class="marks">
      {marks.slice(0, most).map((mark, i) => (
        <li key={i}>
          <svg class="key" viewBox="0 0 1 1" aria-hidden="true">
            <rect fill={colourOf(mark)} width="1" height="1" />
          </svg>
          {markText(mark)}
        </li>
      ))}
      {marks.length > most && <li class="muted">and {count(marks.length - most)} more</li>}
    </ul>
  );
}
