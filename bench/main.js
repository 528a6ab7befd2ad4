/** `npm run bench -- NAME`: runs one benchmark of this folder; without a name, lists them. */
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const names = readdirSync(here)
  .filter((file) => file.endsWith('.js') && file !== 'main.js')
  .map((file) => file.slice(0, -3));

const [name, ...rest] = process.argv.slice(2);
if (name === undefined || !names.includes(name)) {
  console.error(`usage: npm run bench -- NAME\n\n  ${names.join('\n  ')}`);
  process.exit(2);
}
process.argv.splice(2, process.argv.length, ...rest);
await import(join(here, `${name}.js`));
