/**
 * An online batch that is on its way to the lane. While a model runs, the channel holds no more than one socket buffer of
 * a message, so a large one would arrive only after several runs. The lane waits for an announced batch instead.
 */
export interface AnnouncedBatch {
  announce(): void;
  /** A batch has arrived. Batches arrive in the order of their announcements. */
  arrived(): void;
  /** Whether one is on its way. */
  readonly isComing: boolean;
  /** Resolves when it has arrived, or takes too long. */
  wait(): Promise<void>;
}

/** A worker needs about 1 ms per MB. One that is stuck must not keep its lanes from their jobs. */
const MOST_MS = 20;

export function createAnnouncedBatch(): AnnouncedBatch {
  let coming: { readonly arrival: Promise<void>; readonly end: () => void } | null = null;

  function arrived(): void {
    coming?.end();
    coming = null;
  }

  return {
    announce() {
      arrived();
      let end = () => {};
      const arrival = new Promise<void>((resolve) => (end = resolve));
      coming = { arrival, end };
    },
    arrived,
    get isComing() {
      return coming !== null;
    },
    async wait() {
      const timer = setTimeout(arrived, MOST_MS);
      await coming?.arrival;
      clearTimeout(timer);
    },
  };
}
