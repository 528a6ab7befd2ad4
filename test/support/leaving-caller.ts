/** A caller of online requests that waits until the test makes it leave. */
import type { WaitingCaller } from '#forebay/shared/queue/online/waiting-caller.js';

export function leavingCaller(): WaitingCaller & { leave(): void } {
  let state: WaitingCaller['state'] = 'waiting';
  let stop = () => {};
  return {
    get state() {
      return state;
    },
    onGone: (listener) => void (stop = listener),
    leave() {
      state = 'gone';
      stop();
    },
  };
}
