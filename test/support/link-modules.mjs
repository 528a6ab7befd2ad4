// Links modules without running them: node --experimental-vm-modules link-modules.mjs FILE... Prints what does not exist.
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { SourceTextModule, SyntheticModule } from 'node:vm';

/** By URL. */
const modules = new Map();
const problems = new Set();

for (const path of process.argv.slice(2)) {
  try {
    const module = ownModule(pathToFileURL(path).href);
    if (module.status === 'unlinked') await module.link(find);
  } catch (error) {
    problems.add(`${relative('', path)}: ${error.message}`);
  }
}
process.stdout.write(JSON.stringify([...problems]));

function ownModule(url) {
  const known = modules.get(url);
  if (known !== undefined) return known;
  const source = readFileSync(fileURLToPath(url), 'utf8');
  const made = new SourceTextModule(source, { identifier: url });
  modules.set(url, made);
  for (const [, to] of source.matchAll(/\bimport\(\s*'(\.[^']+)'\s*\)/g)) {
    if (!existsSync(new URL(to, url))) problems.add(`${relative('', fileURLToPath(url))}: there is no ${to}`);
  }
  return made;
}

/** The project's built code and packages are really imported, because only then are their exports known. */
async function find(specifier, { identifier }) {
  if (specifier.startsWith('.')) {
    const url = new URL(specifier, identifier).href;
    return url.includes('/dist/') ? imported(url) : ownModule(url);
  }
  return imported(specifier);
}

async function imported(url) {
  const known = modules.get(url);
  if (known !== undefined) return known;
  const namespace = await import(url);
  const made = new SyntheticModule(Object.keys(namespace), () => {}, { identifier: url });
  modules.set(url, made);
  return made;
}
