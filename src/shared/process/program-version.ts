/** The version of this program, as package.json has it. */
import { createRequire } from 'node:module';

export const PROGRAM_VERSION = (
  createRequire(import.meta.url)('../../../package.json') as { version: string }
).version;
