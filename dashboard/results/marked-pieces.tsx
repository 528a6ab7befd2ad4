/** A text in which the pieces that a model has labelled are marked. */
import type { ErrorRow, ResultRow } from '../../src/api/http/wire/row.ts';
import { markedText } from './marked-text.ts';

export function MarkedPieces({ text, row }: { text: string; row: ResultRow | ErrorRow }) {
  return (
    <pre class="text" tabIndex={0}>
      {markedText(text, row).map((piece, i) =>
        piece.label === undefined ? (
          piece.text
        ) : (
          <mark key={i}>
            {piece.text} <small>{piece.label}</small>
          </mark>
        ),
      )}
    </pre>
  );
}
