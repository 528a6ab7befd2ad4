// Runs `forebay model init` as a process.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ENTRY = fileURLToPath(import.meta.resolve('#forebay/workers/model-init/main.js'));

export async function modelInit(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [ENTRY, ...args], (_error, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

export function configIn(dir: string): object {
  return JSON.parse(readFileSync(join(dir, 'model.json'), 'utf8')) as object;
}
