/**
 * Keeps one process of the service alive: starts it again after a death, slower each time, until the policy
 * gives up. A process that never became ready is not started again: the next would fail alike.
 */
import { messageOf } from '../../shared/errors.ts';
import { createRestartPolicy, type RestartPolicy } from './restart-policy.ts';
import { describeExit, type Ready, type ServiceProcess } from './service-process.ts';

export interface SupervisorOptions {
  readonly name: string;
  /** `again`: what the first process said when it was ready; null for the first. */
  readonly start: (again: Ready | null) => ServiceProcess;
  /** A line for the user: a death, a new start. */
  readonly onNote: (line: string) => void;
  readonly policy?: RestartPolicy;
  /** How long the process may drain when it is stopped; then it is killed. */
  readonly stopMs: number;
}

/** A process that is not ready holds nothing that it could drain, and may be waiting for something. */
const STARTING_STOP_MS = 500;

export interface Supervisor {
  /** Of the first process. */
  readonly ready: Promise<Ready>;
  /** Settles when the process died and is not started again. */
  readonly gaveUp: Promise<Error>;
  pid(): number | undefined;
  /** Asks the process to drain; resolves when it is gone, and starts it no more. */
  stop(): Promise<void>;
  kill(): void;
}

export function supervise(options: SupervisorOptions): Supervisor {
  const policy = options.policy ?? createRestartPolicy();
  let stopping = false;
  let pause: NodeJS.Timeout | undefined;
  let giveUp: (error: Error) => void;
  const gaveUp = new Promise<Error>((resolve) => (giveUp = resolve));
  let isReady = false;
  let current = options.start(null);
  const { ready } = current;
  void ready.then(
    () => {
      isReady = true;
      watch(current);
    },
    (error: unknown) => giveUp(error instanceof Error ? error : new Error(messageOf(error))),
  );

  function watch(child: ServiceProcess): void {
    void child.exited.then((exit) => {
      if (stopping) return;
      const how = `The ${options.name} ${describeExit(exit)}`;
      const delay = policy.onDeath();
      if (delay === null) {
        giveUp(new Error(`${how}, once again. It keeps dying, so everything is stopped.`));
        return;
      }
      options.onNote(`${how}; starting it again.`);
      pause = setTimeout(restart, delay);
    });
  }

  function restart(): void {
    void ready.then((first) => {
      if (stopping) return;
      current = options.start(first);
      watch(current);
    });
  }

  return {
    ready,
    gaveUp,
    pid: () => current.pid,
    async stop() {
      stopping = true;
      clearTimeout(pause);
      const child = current;
      child.stop();
      const force = setTimeout(() => child.kill(), isReady ? options.stopMs : STARTING_STOP_MS);
      await child.exited;
      clearTimeout(force);
    },
    kill() {
      stopping = true;
      clearTimeout(pause);
      current.kill();
    },
  };
}
