/**
 * Keeps one process of the service alive. Restarts a dead process after increasing pauses, until the policy gives up.
 * If the first process ends before it is ready, nothing is restarted, because the next one would fail in the same way.
 */
import { messageOf } from '../../shared/errors.ts';
import { createRestartPolicy, type RestartPolicy } from './restart-policy.ts';
import { describeExit, type ProcessExit, type Ready, type ServiceProcess } from './service-process.ts';

export interface SupervisorOptions {
  readonly name: string;
  /** `first`: the ready message of the first process. Null for the first process itself. */
  readonly start: (first: Ready | null) => ServiceProcess;
  /** Called with a line for the user when a dead process is going to be restarted. */
  readonly onNote: (line: string) => void;
  readonly policy?: RestartPolicy;
  /** How long a stopped process may drain before it is killed. */
  readonly stopMs: number;
}

/** A process that is not ready has nothing to drain, and may be blocked. */
const STARTING_STOP_MS = 500;

export interface Supervisor {
  /** The ready message of the first process. */
  readonly ready: Promise<Ready>;
  /** Resolves when the process has died and will not be restarted. */
  readonly gaveUp: Promise<Error>;
  pid(): number | undefined;
  /** Asks the process to drain, and does not restart it. Resolves when it has exited. */
  stop(): Promise<void>;
  kill(): void;
}

/**
 * - `starting`: the first process is not ready yet. Next: `running`, or `failed` if that process ends.
 * - `running`: a process runs. Next, when it dies: `pausing`, or `failed` if the policy gives up.
 * - `pausing`: the pause before a restart. Next: `running`.
 * - `stopping`: stop() or kill() was called in any state. Nothing is restarted any more.
 */
type State = 'starting' | 'running' | 'pausing' | 'failed' | 'stopping';

export function supervise(options: SupervisorOptions): Supervisor {
  const policy = options.policy ?? createRestartPolicy();
  let state: State = 'starting';
  let pause: NodeJS.Timeout | undefined;
  let giveUp: (error: Error) => void;
  const gaveUp = new Promise<Error>((resolve) => (giveUp = resolve));
  let current = options.start(null);
  const { ready } = current;
  void ready.then(toRunning, (error: unknown) =>
    toFailed(error instanceof Error ? error : new Error(messageOf(error))),
  );

  function toRunning(): void {
    if (state !== 'starting' && state !== 'pausing') return;
    state = 'running';
    void current.exited.then(onDeath);
  }

  function onDeath(exit: ProcessExit): void {
    if (state !== 'running') return;
    const how = `The ${options.name} ${describeExit(exit)}`;
    const delay = policy.onDeath();
    if (delay === null) toFailed(new Error(`${how} again. It keeps dying, so the service stops.`));
    else toPausing(`${how}. Restarting it.`, delay);
  }

  function toPausing(note: string, delay: number): void {
    state = 'pausing';
    options.onNote(note);
    pause = setTimeout(() => void ready.then(restart), delay);
  }

  function restart(first: Ready): void {
    if (state !== 'pausing') return;
    current = options.start(first);
    toRunning();
  }

  function toFailed(error: Error): void {
    if (state !== 'stopping') state = 'failed';
    giveUp(error);
  }

  function toStopping(): void {
    state = 'stopping';
    clearTimeout(pause);
  }

  return {
    ready,
    gaveUp,
    pid: () => current.pid,
    async stop() {
      const stopMs = state === 'starting' ? STARTING_STOP_MS : options.stopMs;
      toStopping();
      const child = current;
      child.stop();
      const force = setTimeout(() => child.kill(), stopMs);
      await child.exited;
      clearTimeout(force);
    },
    kill() {
      toStopping();
      current.kill();
    },
  };
}
