// Compiles src/ to dist/, AssemblyScript to WebAssembly, and copies what the compilers leave behind (Lua, static pages).
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { resolve } = createRequire(import.meta.url);
const tsc = join(dirname(resolve('typescript/package.json')), 'bin', 'tsc');
const asc = join(dirname(resolve('assemblyscript/package.json')), 'bin', 'asc.js');

rmSync(join(root, 'dist'), { recursive: true, force: true });
execFileSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit' });
for (const file of readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })) {
  if (['.lua', '.html', '.css', '.sh'].includes(extname(file))) {
    cpSync(join(root, 'src', file), join(root, 'dist', file));
  }
}

const kernel = join('workers', 'lane', 'resample', 'assembly', 'kernel');
const optimised = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd'];
execFileSync(
  process.execPath,
  [asc, join(root, 'src', `${kernel}.ts`), '--outFile', join(root, 'dist', `${kernel}.wasm`), ...optimised],
  { stdio: 'inherit' },
);
