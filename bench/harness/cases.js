/** Finds the cases. Every file of bench/ except main.js is a case, with the name of its file. */
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

/**
 * @param {string} name
 * @returns {Promise<import('./result.js').Case>} Throws Error if the file is not a case.
 */
export async function loadCase(name) {
  const found = await import(new URL(`../${name}.js`, import.meta.url));
  const texts = [found.title, found.proves];
  if (
    found.name !== name ||
    !texts.every((text) => typeof text === 'string') ||
    typeof found.run !== 'function'
  ) {
    throw new Error(`bench/${name}.js must export name (${name}), title, proves and run`);
  }
  return found;
}
