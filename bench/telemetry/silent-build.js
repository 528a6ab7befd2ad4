/**
 * A copy of this build without telemetry. Events cannot be switched off, because the log is one of their subscribers. So in
 * the copy, nobody can subscribe to them, `emit` does nothing, and processes collect no metrics of their own.
 */
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../harness/places.js';

/** What to replace in which file of `dist`. Each text must be there, so that the copy cannot become a plain one. */
const CHANGES = [
  ['shared/observe/events.js', /emit\(name, fields\) \{/, 'emit() {}, unused(name, fields) {'],
  ['shared/observe/metrics/instruments.js', /collectDefaultMetrics\(\{ register: registry \}\);/, ''],
];

/** @param {string} folder an empty one @returns {string} the checkout, as startService takes it */
export function silentBuild(folder) {
  for (const name of ['dist', 'bin', 'package.json'])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  for (const [file, plain, silent] of CHANGES) {
    const path = join(folder, 'dist', file);
    const text = readFileSync(path, 'utf8');
    if (!plain.test(text))
      throw new Error(`${file} of the build has changed: correct bench/telemetry/silent-build.js`);
    writeFileSync(path, text.replace(plain, silent));
  }
  return folder;
}
