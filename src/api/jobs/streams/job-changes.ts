/** Waits for changes of one job. Wake-ups may be lost, so every wait has a timeout. */
import { createAlarm } from '../../../shared/process/alarm.ts';
import { readProgress, type Wake } from '../../../shared/queue/wake.ts';

export interface JobChanges {
  /** Resolves when the job may have changed since the last wait, or after `ms`, or once the signal is aborted. */
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
