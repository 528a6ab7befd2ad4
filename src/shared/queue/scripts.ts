/** Loads the Lua scripts and calls them by name. Knows how many keys each one takes, but not what it does. */
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';

/** Script name -> number of keys. */
const SCRIPTS = {
  'create-job': 11,
  'patch-job': 2,
  'transition-job': 3,
  'hold-lease': 1,
  'release-claim': 1,
  'reserve-blocks': 4,
  'next-generation': 3,
  'drop-blocks': 6,
  'begin-runs': 6,
  'note-row': 2,
  'leave-run': 4,
  'commit-blocks': 12,
  'drop-records': 2,
  'announce-parts': 3,
  'announce-left': 1,
  'take-slots': 5,
  'release-slots': 5,
  'place-blocks': 1,
  'claim-webhooks': 1,
  'order-worker': 2,
  'replace-model-order': 1,
  'replace-scale': 1,
  'put-pipeline': 1,
  'ask-online': 6,
  'take-online': 2,
  'end-online': 8,
  'reply-online': 2,
  'look-online': 0,
} as const;
export type ScriptName = keyof typeof SCRIPTS;

export type RunScript = (
  name: ScriptName,
  keys: readonly string[],
  args: readonly (string | number | Buffer)[],
) => Promise<unknown>;

/** Defines the scripts on a connection. They run by EVALSHA, or by EVAL after a restart of Redis. */
export function createScripts(redis: Redis): RunScript {
  return defineScripts(redis, '');
}

/** The same, but texts in the answers are Buffers. */
export function createByteScripts(redis: Redis): RunScript {
  return defineScripts(redis, 'Buffer');
}

function defineScripts(redis: Redis, suffix: '' | 'Buffer'): RunScript {
  for (const [name, numberOfKeys] of Object.entries(SCRIPTS)) {
    const lua = readFileSync(new URL(`./scripts/${name}.lua`, import.meta.url), 'utf8');
    redis.defineCommand(commandOf(name), { numberOfKeys, lua });
  }
  const commands = redis as unknown as Record<
    string,
    (...args: (string | number | Buffer)[]) => Promise<unknown>
  >;
  return async (name, keys, args) => commands[commandOf(name) + suffix]!(...keys, ...args);
}

function commandOf(name: string): string {
  return `forebay_${name.replaceAll('-', '_')}`;
}
