// Each module of the benchmarks finds what it imports. Some of them run only on machines that tests do not have.
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');

it('every import of the benchmarks, scripts and examples exists', () => {
  const files = ['bench', 'scripts', 'examples'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.js') && !name.includes('node_modules'))
      .map((name) => join(root, folder, name)),
  );
  expect(files.length).toBeGreaterThan(50);
  const linker = join(root, 'test/support/link-modules.mjs');
  const found = execFileSync(
    process.execPath,
    ['--experimental-vm-modules', '--no-warnings', linker, ...files],
    {
      cwd: root,
      encoding: 'utf8',
    },
  );
  expect(JSON.parse(found)).toEqual([]);
});
