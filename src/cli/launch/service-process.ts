/** Runs one child process of the service, an API or a worker. Does not restart it. */
import { fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { ERROR_CODES, ForebayError, type ErrorCode } from '../../shared/errors.ts';

/** The messages that a child's main module sends over IPC. See shared/process/lifecycle.ts. */
const MESSAGE = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('ready'),
    url: z.string().optional(),
    models: z.array(z.string()).default([]),
    problems: z.array(z.object({ model: z.string(), message: z.string() })).default([]),
  }),
  z.object({ type: z.literal('failed'), code: z.string(), message: z.string() }),
]);

export type Ready = Omit<Extract<z.output<typeof MESSAGE>, { type: 'ready' }>, 'type'>;

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ServiceProcess {
  readonly pid: number | undefined;
  /** Rejects with ForebayError if the process fails or ends before it is ready. */
  readonly ready: Promise<Ready>;
  readonly exited: Promise<ProcessExit>;
  /** Asks the process to drain and end. */
  stop(): void;
  kill(): void;
}

export interface ServiceProcessOptions {
  /** For messages, such as `api` or `worker 2`. */
  readonly name: string;
  readonly main: URL;
  readonly env: NodeJS.ProcessEnv;
  /** Called with each line of stdout and stderr. */
  readonly onLine: (line: string) => void;
}

/** If a process ends without a message, this many of its last lines are shown. */
const LAST_LINES = 3;
/** Time to read the output of a process that has exited. */
const READ_MS = 500;

export function startServiceProcess(options: ServiceProcessOptions): ServiceProcess {
  const child = fork(fileURLToPath(options.main), [], {
    env: options.env,
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const lastLines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream! }).on('line', (line) => {
      lastLines.push(line);
      if (lastLines.length > LAST_LINES) lastLines.shift();
      options.onLine(line);
    });
  }
  const exited = new Promise<ProcessExit>((resolve) => {
    // `close` comes when the last output is read. It comes late if a lane that outlives its worker holds the pipes.
    child.once('exit', (code, signal) => {
      const late = setTimeout(() => resolve({ code, signal }), READ_MS);
      child.once('close', () => {
        clearTimeout(late);
        resolve({ code, signal });
      });
    });
    child.once('error', () => child.pid === undefined && resolve({ code: null, signal: null }));
  });
  const ready = new Promise<Ready>((resolve, reject) => {
    child.on('message', (sent) => {
      const message = MESSAGE.safeParse(sent);
      if (!message.success) return;
      if (message.data.type === 'ready') resolve(message.data);
      else reject(new ForebayError(knownCode(message.data.code), message.data.message));
    });
    void exited.then((exit) =>
      reject(
        new ForebayError(
          'internal',
          [`The ${options.name} ${describeExit(exit)}.`, ...lastLines].join('\n  '),
        ),
      ),
    );
  });
  // A caller may never await `ready`, and its rejection must not end this process.
  ready.catch(() => undefined);
  const signal = (name: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(name);
  };
  return {
    pid: child.pid,
    ready,
    exited,
    stop: () => signal('SIGTERM'),
    kill: () => signal('SIGKILL'),
  };
}

export function describeExit({ code, signal }: ProcessExit): string {
  if (signal !== null) return `was ended by ${signal}`;
  return code === null ? 'could not be started' : `ended with exit code ${code}`;
}

function knownCode(code: string): ErrorCode {
  return ERROR_CODES.find((known) => known === code) ?? 'internal';
}
