/**
 * Whoever waits for the answer to an online request. An AbortSignal tells the same, but making one and listening to it
 * costs a twentieth of the API's CPU for a small request.
 */
export interface WaitingCaller {
  readonly state: 'waiting' | 'gone';
  /** Calls `stop` once when the caller leaves, but not if it has its answer by then. */
  onGone(stop: () => void): void;
}

/** What a request is rejected with if its caller leaves. Nobody receives it. */
export class CallerGone extends Error {
  override readonly name = 'CallerGone';
  constructor() {
    super('the caller of an online request has left');
  }
}
