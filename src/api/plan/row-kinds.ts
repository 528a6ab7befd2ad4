/** Who opens the rows: local files the lane itself, everything else the worker's main thread. Pure. */
import type { PlanFacts } from './plan-facts.ts';

export interface RowOpeners {
  /** Whether lanes open rows themselves. */
  readonly opened: boolean;
  /** What the main thread does for rows that are no local files; null where all are. */
  readonly fetched: { readonly operator: 'fetch' | 'read'; readonly why: string } | null;
}

export function locateKinds({ dataset, rowKinds }: Pick<PlanFacts, 'dataset' | 'rowKinds'>): RowOpeners {
  const seen = rowKinds.file + rowKinds.url + rowKinds.blob > 0;
  const urls = seen ? rowKinds.url > 0 : dataset.type === 'urls';
  const blobs = seen ? rowKinds.blob > 0 : dataset.type === 'inline';
  const files = seen ? rowKinds.file > 0 : !urls && !blobs;
  if (urls) {
    return {
      opened: files,
      fetched: {
        operator: 'fetch',
        why: 'fetches, many at once, must continue while a lane is blocked in its model call',
      },
    };
  }
  if (blobs) {
    return {
      opened: files,
      fetched: {
        operator: 'read',
        why: "rows of a request are slices of one file in the service's own folder, which lanes do not know",
      },
    };
  }
  return { opened: files, fetched: null };
}
