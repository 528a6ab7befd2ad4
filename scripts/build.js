// Compiles src/ to dist/: TypeScript to JavaScript, AssemblyScript to WebAssembly. Copies files that need no compiler.
// Bundles dashboard/ into one script.
// It builds beside dist and swaps at the end. So a build that fails or is killed leaves the old dist as it was.
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { replaceFolder, tidyBeside, workFolder } from './replace-folder.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { resolve } = createRequire(import.meta.url);
const tsc = join(dirname(resolve('typescript/package.json')), 'bin', 'tsc');
const asc = join(dirname(resolve('assemblyscript/package.json')), 'bin', 'asc.js');
const dist = join(root, 'dist');

tidyBeside(dist);
const building = workFolder(dist, 'building');
try {
  compileInto(building);
  await bundleInto(join(building, 'api', 'http', 'dashboard'));
  replaceFolder(dist, building);
} catch (error) {
  // The compiler has already printed what is wrong.
  if (error.status === undefined) throw error;
  process.exitCode = 1;
} finally {
  rmSync(building, { recursive: true, force: true });
}

function compileInto(folder) {
  node(tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', folder);
  for (const file of readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (['.lua', '.html', '.css', '.sh'].includes(extname(file))) {
      cpSync(join(root, 'src', file), join(folder, file));
    }
  }
  const optimised = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd'];
  for (const module of assemblyModules()) {
    node(asc, join(root, 'src', `${module}.ts`), '--outFile', join(folder, `${module}.wasm`), ...optimised);
  }
}

/** Every file directly in a folder `assembly` becomes a module. Files below are parts of modules. */
function assemblyModules() {
  return readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => basename(dirname(file)) === 'assembly' && extname(file) === '.ts')
    .map((file) => file.slice(0, -'.ts'.length));
}

async function bundleInto(folder) {
  await build({
    input: join(root, 'dashboard', 'main.tsx'),
    tsconfig: join(root, 'dashboard', 'tsconfig.json'),
    output: { file: join(folder, 'app.js'), format: 'esm', minify: true, comments: { legal: true } },
    platform: 'browser',
    logLevel: 'warn',
  });
  cpSync(join(root, 'dashboard', 'style.css'), join(folder, 'style.css'));
}

function node(...args) {
  execFileSync(process.execPath, args, { stdio: 'inherit' });
}
