/** One row in full: its picture or text, its marks, its answer, and its input to download. */
import { useEffect, useRef } from 'preact/hooks';
import { count } from '../format.ts';
import { hasKey } from '../service.ts';
import type { PictureSize } from './draw-picture.ts';
import { MarkList } from './mark-list.tsx';
import { MarkedPieces } from './marked-pieces.tsx';
import { chosenMarks, failureOf } from './marks.ts';
import { NoPicture } from './no-picture.tsx';
import { RowPicture } from './row-picture.tsx';
import type { RowView } from './thumbnail.tsx';
import { useRowInput, type RowContent } from './use-row-input.ts';

const SIZE: PictureSize = { side: 1400, font: 22 };
const MOST_MARKS = 100;

export function RowDialog({ onClose, ...view }: RowView & { onClose: () => void }) {
  const { job, row, filter } = view;
  const dialog = useRef<HTMLDialogElement>(null);
  const failure = failureOf(row);
  const content = useRowInput(job, row.index, true);
  useEffect(() => dialog.current!.showModal(), []);
  return (
    // Closing it, even with Escape, returns the focus to the element that opened it.
    <dialog ref={dialog} class="row" aria-labelledby="row-title" onClose={onClose}>
      <h2 id="row-title">
        {count(row.index)} <code class="break">{row.id}</code>
      </h2>
      <div class="actions">
        <button onClick={() => dialog.current!.close()}>Close</button>
        <Download job={job} index={row.index} />
      </div>
      <Inside content={content} {...view} />
      {failure && (
        <p class="bad">
          <code>{failure.code}</code> {failure.message}
        </p>
      )}
      <MarkList marks={chosenMarks(row, filter)} most={MOST_MARKS} />
      <h3>Answer</h3>
      <pre class="text" tabIndex={0}>
        {JSON.stringify(row, null, 2)}
      </pre>
    </dialog>
  );
}

function Inside({ content, row, filter, isUpright }: RowView & { content: RowContent }) {
  switch (content.kind) {
    case 'picture':
      return <RowPicture blob={content.blob} row={row} filter={filter} isUpright={isUpright} size={SIZE} />;
    case 'text':
      return <MarkedPieces text={content.text} row={row} />;
    case 'waiting':
    case 'other':
    case 'failed':
      return (
        <p>
          <NoPicture content={content} />
        </p>
      );
  }
}

/** A link cannot send a key. */
function Download({ job, index }: { job: string; index: number }) {
  const path = `/v1/jobs/${encodeURIComponent(job)}/rows/${index}/input`;
  if (!hasKey()) {
    return (
      <a href={path} download>
        Download the input
      </a>
    );
  }
  return (
    <span class="muted">
      The input:{' '}
      <code class="break">
        curl -OJ -H "Authorization: Bearer $FOREBAY_API_KEY" {location.origin}
        {path}
      </code>
    </span>
  );
}
