/**
 * Keeps one process of the service alive. It restarts a dead process after growing pauses, until the policy gives up.
 * A process that was never ready is not restarted, because the next one would fail in the same way.
 */
import { messageOf } from '../../shared/errors.ts';
import { createRestartPolicy, type RestartPolicy } from './restart-policy.ts';
import { describeExit, type Ready, type ServiceProcess } from './service-process.ts';

export interface SupervisorOptions {
  readonly name: string;
  /** `first`: the ready message of the first process; null when it is the first. */
  readonly start: (first: Ready | null) => ServiceProcess;
  /** Gets a line for the user at each death. */
  readonly onNote: (line: string) => void;
  readonly policy?: RestartPolicy;
  /** How long a stopped process may drain before it is killed. */
  readonly stopMs: number;
}

/** A process that is not ready has nothing to drain, and may be waiting for something. */
const STARTING_STOP_MS = 500;

export interface Supervisor {
  /** The ready message of the first process. */
  readonly ready: Promise<Ready>;
  /** Resolves when the process died and is not restarted. */
  readonly gaveUp: Promise<Error>;
  pid(): number | undefined;
  /** Asks the process to drain. Resolves when it has exited; it is not restarted. */
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
        giveUp(new Error(`${how} again. It keeps dying, so the service stops.`));
        return;
      }
      options.onNote(`${how}. Restarting it.`);
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
