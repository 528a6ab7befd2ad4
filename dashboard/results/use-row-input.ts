/** The input of a row, loaded once it is wanted. */
import { useEffect, useState } from 'preact/hooks';
import { service } from '../service.ts';
import { createLoadQueue } from './load-queue.ts';
import { textIn } from './text-in.ts';

/** An API process holds at most four inputs in memory, for all its users. */
const QUEUE = createLoadQueue(4);
/** More text than a person reads here. */
const MOST_TEXT = 200_000;

export type RowContent =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'picture'; readonly blob: Blob }
  | { readonly kind: 'text'; readonly text: string }
  /** Bytes that the page cannot show. */
  | { readonly kind: 'other'; readonly bytes: number }
  | { readonly kind: 'failed'; readonly error: unknown };

const WAITING: RowContent = { kind: 'waiting' };

export function useRowInput(job: string, index: number, isWanted: boolean): RowContent {
  const [content, setContent] = useState(WAITING);
  useEffect(() => {
    if (!isWanted) return undefined;
    const gone = new AbortController();
    const { signal } = gone;
    const load = async () => {
      const next = await QUEUE.add(async () => loaded(job, index, signal), signal).catch(failed);
      if (!signal.aborted) setContent(next);
    };
    void load();
    return () => {
      gone.abort();
      setContent(WAITING);
    };
  }, [job, index, isWanted]);
  return content;
}

/** Only pictures that the service knows by their first bytes have an image's type. */
async function loaded(job: string, index: number, signal: AbortSignal): Promise<RowContent> {
  const { type, blob } = await service().rowInput(job, index, { signal });
  if (type.startsWith('image/')) return { kind: 'picture', blob };
  const text = textIn(await blob.slice(0, MOST_TEXT).arrayBuffer());
  return text === null ? { kind: 'other', bytes: blob.size } : { kind: 'text', text };
}

function failed(error: unknown): RowContent {
  return { kind: 'failed', error };
}
