/**
 * The caller that waits for the answer to an online request. An AbortSignal could take its place, but creating one and
 * listening to it costs a twentieth of the API's CPU for a small request.
 */
export interface WaitingCaller {
  readonly state: 'waiting' | 'gone';
  /** Calls `stop` once if the caller leaves before it has its answer. */
  onGone(stop: () => void): void;
}

/** Rejects a request whose caller has left. Nobody receives this error. */
export class CallerGone extends Error {
  override readonly name = 'CallerGone';
  constructor() {
    super('the caller of an online request has left');
  }
}
