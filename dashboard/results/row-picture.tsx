/** The picture of a row on a canvas, with what the model has found in it. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ErrorRow, ResultRow } from '../../src/api/http/wire/row.ts';
import { drawPicture, type PictureSize } from './draw-picture.ts';
import { chosenMarks, type RowFilter } from './marks.ts';
import { withoutOrientation } from './stored-pixels.ts';

interface Given {
  readonly blob: Blob;
  readonly row: ResultRow | ErrorRow;
  readonly filter: RowFilter;
  /** Whether the model turns pictures by their EXIF orientation. Boxes and masks refer to what it sees. */
  readonly isUpright: boolean;
  readonly size: PictureSize;
}

export function RowPicture({ blob, row, filter, isUpright, size }: Given) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [state, setState] = useState<'drawing' | 'drawn' | 'broken'>('drawing');
  useEffect(() => {
    let isGone = false;
    decoded(blob, isUpright).then(
      (picture) => {
        if (!isGone && canvas.current) {
          drawPicture(canvas.current, picture, chosenMarks(row, filter), size);
          setState('drawn');
        }
        picture.close();
      },
      () => {
        if (!isGone) setState('broken');
      },
    );
    return () => {
      isGone = true;
    };
    // The rows of a page are read again while a job runs. A row with an answer does not change.
  }, [blob, row.index, filter.label, filter.least, isUpright, size]);
  if (state === 'broken') return <span class="muted">The browser cannot read this picture.</span>;
  return <canvas ref={canvas} role="img" aria-label={`Picture ${row.id}`} width="1" height="1" />;
}

async function decoded(blob: Blob, isUpright: boolean): Promise<ImageBitmap> {
  const shown = isUpright
    ? blob
    : new Blob([withoutOrientation(await blob.arrayBuffer())], { type: blob.type });
  return createImageBitmap(shown, { imageOrientation: 'from-image' });
}
