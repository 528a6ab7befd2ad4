/** A row as a card: its picture or text, and what the model says. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ErrorRow, ResultRow } from '../../src/api/http/wire/row.ts';
import { count } from '../format.ts';
import { answerOf } from './answer-text.ts';
import type { PictureSize } from './draw-picture.ts';
import { MarkList } from './mark-list.tsx';
import { markedText } from './marked-text.ts';
import { chosenMarks, failureOf, marksOf, type RowFilter } from './marks.ts';
import { NoPicture } from './no-picture.tsx';
import { RowPicture } from './row-picture.tsx';
import { useRowInput, type RowContent } from './use-row-input.ts';

const SIZE: PictureSize = { side: 480, font: 24 };
const MOST_MARKS = 3;
const MOST_TEXT = 600;

export interface RowView {
  readonly job: string;
  readonly row: ResultRow | ErrorRow;
  readonly filter: RowFilter;
  readonly isUpright: boolean;
}

export function Thumbnail({ onOpen, ...view }: RowView & { onOpen: () => void }) {
  const { job, row, filter } = view;
  const frame = useRef<HTMLButtonElement>(null);
  const failure = failureOf(row);
  const content = useRowInput(job, row.index, useSeen(frame));
  return (
    <li class="card">
      <button ref={frame} class="frame" aria-label={`Open row ${row.index}, ${row.id}`} onClick={onOpen}>
        <Inside content={content} {...view} />
      </button>
      <p class="muted">
        {count(row.index)} <code>{row.id}</code>
      </p>
      {failure !== null ? (
        <p class="bad">
          <code>{failure.code}</code>
        </p>
      ) : marksOf(row).length > 0 ? (
        <MarkList marks={chosenMarks(row, filter)} most={MOST_MARKS} />
      ) : (
        <p>{answerOf(row)}</p>
      )}
    </li>
  );
}

function Inside({ content, row, filter, isUpright }: RowView & { content: RowContent }) {
  switch (content.kind) {
    case 'picture':
      return <RowPicture blob={content.blob} row={row} filter={filter} isUpright={isUpright} size={SIZE} />;
    case 'text': {
      const text = markedText(content.text, row).reduce((all, piece) => all + piece.text, '');
      return <pre>{text.slice(0, MOST_TEXT)}</pre>;
    }
    case 'waiting':
    case 'other':
    case 'failed':
      return <NoPicture content={content} />;
  }
}

/** Whether an element has been in view, or near it. */
function useSeen(element: { readonly current: Element | null }): boolean {
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    const watch = new IntersectionObserver(
      (changes) => {
        if (!changes.some(({ isIntersecting }) => isIntersecting)) return;
        setSeen(true);
        watch.disconnect();
      },
      { rootMargin: '200px' },
    );
    watch.observe(element.current!);
    return () => watch.disconnect();
  }, []);
  return isSeen;
}
