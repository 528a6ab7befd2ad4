/** Waits for news of one job: by wake-up and, since those may be lost, by a sweep now and then. */
import { createAlarm } from '../../../shared/process/alarm.ts';
import { readProgress, type Wake } from '../../../shared/queue/wake.ts';

export interface JobChanges {
  /** Until there may be news since the last call's end, at most `ms`; at once when the signal is aborted. */
  wait(ms: number): Promise<void>;
  /** Stops listening. */
  close(): void;
}

export function watchJob(wake: Pick<Wake, 'on'>, job: string, signal: AbortSignal): JobChanges {
  const alarm = createAlarm();
  const ringFor = (name: string) => name === job && alarm.ring();
  const undo = [
    wake.on('job', ringFor),
    wake.on('progress', (message) => ringFor(readProgress(message).job)),
  ];
  return {
    wait: async (ms) => alarm.wait(ms, signal),
    close() {
      for (const off of undo) off();
      alarm.ring();
    },
  };
}
