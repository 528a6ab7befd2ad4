/** Why the input of a row is not shown. */
import { bytes } from '../format.ts';
import type { RowContent } from './use-row-input.ts';

type Unshown = Extract<RowContent, { kind: 'waiting' | 'other' | 'failed' }>;

export function NoPicture({ content }: { content: Unshown }) {
  switch (content.kind) {
    case 'waiting':
      return <span class="muted">Loading…</span>;
    case 'other':
      return <span class="muted">{bytes(content.bytes)} that this page cannot show</span>;
    case 'failed':
      return (
        <span class="muted">
          {content.error instanceof Error ? content.error.message : 'The request failed.'}
        </span>
      );
  }
}
