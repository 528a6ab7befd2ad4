// Runs `forebay model init` in this process. The lane that the tests of a file share tries the models.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runModelInit } from '#forebay/workers/model-init/model-init.js';
import type { StartLane } from '#forebay/workers/model-init/make-folder.js';
import { sharedLane } from './lanes.ts';

export async function modelInit(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return modelInitIn(() => ({ ...sharedLane(), close: async () => undefined }), ...args);
}

/** With a lane that `startLane` starts. */
export async function modelInitIn(startLane: StartLane, ...args: string[]) {
  let [out, err] = ['', ''];
  const code = await runModelInit(args, {
    program: 'npx forebay',
    out: (text) => (out += text),
    err: (text) => (err += text),
    startLane,
  });
  return { code, out, err };
}

export function configIn(dir: string): object {
  return JSON.parse(readFileSync(join(dir, 'model.json'), 'utf8')) as object;
}
