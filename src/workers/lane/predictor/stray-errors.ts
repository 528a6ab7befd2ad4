/**
 * Errors of users' code that no promise of a call carries: a timer or a callback that throws, or a rejection that nobody
 * handles. Node would end the process, which would cost the rows of every model in the lane. Here they fail the call
 * that is in progress, and otherwise are logged. `process.exit` becomes such an error, too.
 */
import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { messageOf } from '../../../shared/errors.ts';

export interface GuardedCode {
  /** Rejects with the error of `work`, or with an error that the code throws outside of `work` meanwhile. */
  run<T>(work: () => T | Promise<T>): Promise<T>;
}

interface Code extends GuardedCode {
  readonly model: string;
  /** How frames of the code begin in a stack. */
  readonly places: readonly string[];
  /** One per call in progress. */
  readonly failures: Set<(error: unknown) => void>;
  /** By text of an error: when it may be logged again, in monotonic ms. */
  readonly logged: Map<string, number>;
}

/** This package. */
const OWN = new URL('../../../', import.meta.url).href;
const LOG_PAUSE_MS = 60_000;
/** Of one model. Texts may hold numbers that change. */
const MAX_TEXTS = 100;
const LONGEST_TEXT = 300;

/** By model and folder. Kept when a model leaves the lane, because its timers may stay. */
const codes = new Map<string, Code>();

export function guardCode({ model, dir }: { readonly model: string; readonly dir: string }): GuardedCode {
  if (codes.size === 0) install();
  const key = JSON.stringify([model, dir]);
  const code = codes.get(key) ?? createCode(model, dir);
  codes.set(key, code);
  return code;
}

function createCode(model: string, dir: string): Code {
  const places = [dir, realpathSync(dir)].map((path) => `${pathToFileURL(path).href}/`);
  const failures: Code['failures'] = new Set();
  return {
    model,
    places,
    failures,
    logged: new Map(),
    async run(work) {
      let fail!: (error: unknown) => void;
      const failed = new Promise<never>((_, reject) => (fail = reject));
      failures.add(fail);
      try {
        return await Promise.race([work(), failed]);
      } finally {
        failures.delete(fail);
      }
    },
  };
}

function install(): void {
  process.on('uncaughtException', (error, origin) => {
    const all = [...codes.values()];
    const busy = all.filter(({ failures }) => failures.size > 0);
    const stack = error instanceof Error ? (error.stack ?? '') : '';
    const named = all.filter((code) => isIn(code, stack));
    // Thrown again, it ends the lane, as any error of its own does.
    if (named.length === 0 && stack.includes(OWN) && (origin === 'uncaughtException' || busy.length === 0))
      throw error;
    // If the stack names nobody, each call in progress may be the cause. Their rows are tried alone.
    const meant = named.length > 0 ? named : busy.length > 0 ? busy : all;
    for (const code of meant) {
      if (code.failures.size === 0) log(code, error);
      else for (const fail of code.failures) fail(strayError(error));
    }
  });
  const exit = process.exit.bind(process);
  process.exit = (code) => {
    const { stack = '' } = new Error('exit');
    if (![...codes.values()].some((one) => isIn(one, stack))) return exit(code);
    throw new Error(
      `process.exit(${code ?? ''}) was called, which would end all models of the lane. Throw an error instead`,
    );
  };
}

function strayError(cause: unknown): Error {
  const where = 'thrown outside of the call: in a timer, in a callback or by a promise that nobody awaits';
  return new Error(`${messageOf(cause)} (${where})`, { cause });
}

function isIn({ places }: Code, stack: string): boolean {
  return places.some((place) => stack.includes(place));
}

function log({ model, logged }: Code, error: unknown): void {
  const text = messageOf(error).replaceAll(/\s+/g, ' ').slice(0, LONGEST_TEXT);
  const now = performance.now();
  if (now < (logged.get(text) ?? 0)) return;
  if (logged.size === MAX_TEXTS) logged.clear();
  logged.set(text, now + LOG_PAUSE_MS);
  process.stderr.write(`forebay lane: code of ${model} failed outside of its calls: ${text}\n`);
}
