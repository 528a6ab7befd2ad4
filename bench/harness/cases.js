/** The cases: every file of bench/ but main.js is one, and is named as its file. */
import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = dirname(dirname(fileURLToPath(import.meta.url)));

export function caseNames() {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.js') && file !== 'main.js')
    .map((file) => file.slice(0, -3))
    .toSorted();
}

/** @param {string} name @returns {Promise<import('./result.js').Case>} Throws Error where the file is no case. */
export async function loadCase(name) {
  const found = await import(new URL(`../${name}.js`, import.meta.url));
  if (found.name !== name || typeof found.title !== 'string' || typeof found.run !== 'function') {
    throw new Error(`bench/${name}.js must export name (${name}), title and run`);
  }
  return found;
}
