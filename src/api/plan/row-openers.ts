/** Which process opens the rows of a job. Lanes open local files. The worker's main thread opens everything else. Pure. */
import { hasSlices } from '../../shared/domain/row-versions.ts';
import type { PlanFacts } from './facts.ts';

export interface RowOpeners {
  /** Whether lanes open any rows themselves. */
  readonly opened: boolean;
  /** What the main thread does for rows that are not local files. Null if all rows are local files. */
  readonly fetched: { readonly operator: 'fetch' | 'read'; readonly why: string } | null;
}

export function openersOf({ dataset, rowKinds }: Pick<PlanFacts, 'dataset' | 'rowKinds'>): RowOpeners {
  const seen = rowKinds.file + rowKinds.url + rowKinds.blob + rowKinds.record > 0;
  const urls = seen ? rowKinds.url > 0 : dataset.type === 'urls';
  const blobs = seen ? rowKinds.blob > 0 : dataset.type === 'inline';
  const records = seen ? rowKinds.record > 0 : hasSlices(dataset);
  const files = seen ? rowKinds.file > 0 : !urls && !blobs && !records;
  if (urls) {
    return {
      opened: files,
      fetched: {
        operator: 'fetch',
        why: 'many fetches run at once and must continue while a model call blocks the lane',
      },
    };
  }
  if (blobs) {
    return {
      opened: files,
      fetched: {
        operator: 'read',
        why: "rows of a request are slices of one file in the service's own folder, which lanes cannot open",
      },
    };
  }
  if (records) {
    return {
      opened: files,
      fetched: {
        operator: 'read',
        why: 'a block is a range of one file, which is read once and cut into rows',
      },
    };
  }
  return { opened: files, fetched: null };
}
