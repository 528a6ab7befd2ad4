// Gives a run of the tests a temporary folder of its own, and removes it with all that killed processes have left in it.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Names the folder of the run. */
const MARK = 'FBT_TMPDIR';

/** Call it before any test process starts. The names are short, because paths of sockets are limited to 107 bytes. */
export function useOwnTemporaryFolder(): void {
  // Vitest loads its configuration once more for each project.
  if (process.env[MARK] !== undefined) return;
  const folder = mkdtempSync(join(tmpdir(), 'fbt-'));
  // As on /tmp, other users may write here. Some tests act as another user.
  chmodSync(folder, 0o1777);
  process.env['TMPDIR'] = folder;
  process.env[MARK] = folder;
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
}
