/** The options of `npm run bench`. Each is declared once, in OPTIONS. Parser and usage follow from it. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { caseNames } from './cases.js';
import { SUBJECTS } from './subjects.js';

/** Used for cases that export no `defaults`. */
const DEFAULTS = { runs: 5, seconds: 20, quick: { runs: 1, seconds: 3 } };

/**
 * `value`: the name of the value in the usage. An option without one is a switch.
 * `read`: checks and converts the value. It throws an Error that describes the expected value.
 */
const OPTIONS = {
  quick: { help: 'smoke run: everything runs once, the figures mean little' },
  runs: {
    value: 'N',
    read: wholeNumber,
    help: `paired runs of each figure (default ${DEFAULTS.runs}, with --quick ${DEFAULTS.quick.runs}; compare: 20 and 3)`,
  },
  seconds: {
    value: 'S',
    read: positiveNumber,
    help: `how long one run measures (default ${DEFAULTS.seconds}, with --quick ${DEFAULTS.quick.seconds}; compare: 10 and 3)`,
  },
  strict: { help: 'exit with 1 if a figure misses its target' },
  with: { value: 'PATH', read: absolutePath, help: 'compare: the other checkout, already built' },
  way: {
    value: 'WAY',
    read: oneOf('turns', 'together'),
    help: 'compare: turns or together (default both); telemetry: the same (default turns)',
  },
  rows: {
    value: 'N',
    read: wholeNumber,
    help: 'soak, simulation, listing, delta: rows of the long job (default 2,000,000, 10,000,000, no such job, 20,000)',
  },
  kinds: {
    value: 'TEXT',
    read: String,
    help: 'decode-memory: only kinds of image whose name contains TEXT',
  },
  python: { value: 'PATH', read: absolutePath, help: 'decode: a Python that has Pillow, to compare with' },
  list: { help: 'print the cases and what each of them proves' },
  help: { help: 'print this text' },
};

export function usage() {
  const options = Object.entries(OPTIONS).map(([name, { value, help }]) => {
    const left = value === undefined ? `--${name}` : `--${name} ${value}`;
    return `  ${left.padEnd(15)} ${help}`;
  });
  return `usage: npm run bench [-- [CASE...] [SUBJECT...] [OPTION...]]

Without a CASE, all cases run. A SUBJECT limits ceiling, service, compare and s3 to one model.

cases:    ${caseNames().join(', ')}
subjects: ${Object.keys(SUBJECTS).join(', ')}

${options.join('\n')}`;
}

/**
 * @param {readonly string[]} args
 * @returns names: cases to run; subjects: see subjects.js; the rest by the names of OPTIONS, undefined if not given.
 *   Throws Error with a sentence for the user.
 */
export function readOptions(args) {
  const types = Object.entries(OPTIONS).map(([name, { value }]) => [
    name,
    { type: value === undefined ? 'boolean' : 'string' },
  ]);
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: Object.fromEntries(types),
  });
  for (const [name, given] of Object.entries(values)) {
    const { read } = OPTIONS[name];
    if (read !== undefined) values[name] = readValue(name, given, read);
  }
  const subjects = positionals.filter((name) => Object.hasOwn(SUBJECTS, name));
  const names = positionals.filter((name) => !subjects.includes(name));
  const unknown = names.find((name) => !caseNames().includes(name));
  if (unknown !== undefined) throw new Error(`"${unknown}" is neither a case nor a subject`);
  return {
    ...values,
    names: names.length === 0 ? caseNames() : names,
    subjects: (subjects.length === 0 ? Object.keys(SUBJECTS) : subjects).map((name) => SUBJECTS[name]),
  };
}

/** The options for one case. @param {import('./result.js').Case} found */
export function optionsFor({ defaults = DEFAULTS }, { quick = false, ...given }) {
  const { runs, seconds } = quick ? defaults.quick : defaults;
  return { ...given, quick, runs: given.runs ?? runs, seconds: given.seconds ?? seconds };
}

function readValue(name, given, read) {
  try {
    return read(given);
  } catch (error) {
    throw new Error(`--${name} ${given}: ${error.message}`, { cause: error });
  }
}

function wholeNumber(text) {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error('give a whole number from 1');
  return value;
}

function positiveNumber(text) {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new Error('give a number above 0');
  return value;
}

/** npm runs scripts in the package's folder. INIT_CWD is the folder that the user's path is relative to. */
function absolutePath(text) {
  return resolve(process.env['INIT_CWD'] ?? process.cwd(), text);
}

function oneOf(...words) {
  return (text) => {
    if (!words.includes(text)) throw new Error(`give ${words.join(' or ')}`);
    return text;
  };
}
