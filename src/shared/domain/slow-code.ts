/** Code of users that keeps a lane busy for longer than usual. */
export interface SlowCode {
  /** The model's name, or within a worker the name of its queue. */
  readonly model: string;
  /** How long it has worked on one batch. */
  readonly ms: number;
}

/** Null if there is none. */
export function slowest(all: readonly SlowCode[]): SlowCode | null {
  return all.reduce<SlowCode | null>((most, one) => (one.ms > (most?.ms ?? 0) ? one : most), null);
}
