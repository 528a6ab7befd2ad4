// Compiles src/ to dist/: TypeScript to JavaScript, AssemblyScript to WebAssembly. Copies files that need no compiler.
// Bundles dashboard/ into one script per page, and compresses the files of pages.
// It builds beside dist and swaps at the end. So a build that fails or is killed leaves the old dist as it was.
// With --if-changed it does nothing if dist was built from the same files.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'rolldown';
import { digestOfInputs, isBuiltFrom, leaveDigest } from './build-inputs.js';
import { replaceFolder, tidyBeside, workFolder } from './replace-folder.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { resolve } = createRequire(import.meta.url);
const tsc = join(dirname(resolve('typescript/package.json')), 'bin', 'tsc');
const asc = join(dirname(resolve('assemblyscript/package.json')), 'bin', 'asc.js');
const dist = join(root, 'dist');

tidyBeside(dist);
const digest = digestOfInputs(root);
if (!process.argv.includes('--if-changed') || !isBuiltFrom(dist, digest)) await buildDist();

async function buildDist() {
  const building = workFolder(dist, 'building');
  try {
    compileInto(building);
    await dashboardInto(join(building, 'api', 'http', 'dashboard'));
    await referenceInto(join(building, 'api', 'http', 'docs-page'));
    leaveDigest(building, digest);
    replaceFolder(dist, building);
  } catch (error) {
    // The compiler has already printed what is wrong.
    if (error.status === undefined) throw error;
    process.exitCode = 1;
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
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

async function dashboardInto(folder) {
  writeGzipped(join(folder, 'app.js'), await bundled('main.tsx'));
  writeGzipped(join(folder, 'style.css'), readFileSync(join(root, 'dashboard', 'style.css')));
}

/** The page at /docs. The files of its library stay as they were published. */
async function referenceInto(folder) {
  writeGzipped(join(folder, 'page.js'), await bundled(join('reference', 'main.ts')));
  writeGzipped(join(folder, 'page.css'), readFileSync(join(root, 'dashboard', 'reference', 'style.css')));
  const library = dirname(resolve('swagger-ui-dist/package.json'));
  for (const file of ['swagger-ui-bundle.js', 'swagger-ui.css']) {
    writeGzipped(join(folder, file), readFileSync(join(library, file)));
  }
  const licenses = ['NOTICE', 'LICENSE', 'swagger-ui-bundle.js.LICENSE.txt'];
  const texts = licenses.map((file) => readFileSync(join(library, file), 'utf8'));
  writeGzipped(join(folder, 'swagger-ui-bundle.js.LICENSE.txt'), texts.join('\n\n'));
}

/** The code of a script in dashboard/ and of all that it imports. */
async function bundled(input) {
  const { output } = await build({
    input: join(root, 'dashboard', input),
    tsconfig: join(root, 'dashboard', 'tsconfig.json'),
    output: { format: 'esm', minify: true, comments: { legal: true } },
    platform: 'browser',
    logLevel: 'warn',
    write: false,
  });
  return output[0].code;
}

function writeGzipped(file, content) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }));
}

function node(...args) {
  execFileSync(process.execPath, args, { stdio: 'inherit' });
}
