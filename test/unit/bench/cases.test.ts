// The cases of `npm run bench` and its command line.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface Case {
  readonly name: string;
  readonly proves: string;
}
interface Cases {
  readonly caseNames: () => string[];
  readonly loadCase: (name: string) => Promise<Case>;
}
interface Options {
  readonly readOptions: (args: readonly string[]) => {
    names: string[];
    subjects: { name: string }[];
    runs?: number;
    with?: string;
  };
  readonly optionsFor: (found: object, given: object) => { runs: number; seconds: number };
}

const bench = (path: string) => new URL(`../../../bench/${path}`, import.meta.url);
const { caseNames, loadCase } = (await import(bench('harness/cases.js').href)) as Cases;
const { optionsFor, readOptions } = (await import(bench('harness/options.js').href)) as Options;

describe('the cases of the benchmarks', () => {
  it('can be loaded, and the README says what each of them proves', async () => {
    const readme = readFileSync(bench('README.md'), 'utf8');
    const found = await Promise.all(caseNames().map(loadCase));
    const missing = found.filter(({ name, proves }) => !readme.includes(`| \`${name}\` | ${proves} |`));
    expect(missing.map(({ name }) => name)).toEqual([]);
  });
});

describe('the command line of the benchmarks', () => {
  it('distinguishes cases from subjects', () => {
    const { names, subjects } = readOptions(['compare', 'digits-small', '--with', '/other']);
    expect(names).toEqual(['compare']);
    expect(subjects.map(({ name }) => name)).toEqual(['digits-small']);
  });

  it('runs all cases and subjects when none is named', () => {
    const { names, subjects } = readOptions([]);
    expect(names).toEqual(caseNames());
    expect(subjects.length).toBeGreaterThan(1);
  });

  it('resolves a path against the folder of the user, although npm changes the folder', () => {
    process.env['INIT_CWD'] = '/somewhere/below';
    try {
      expect(readOptions(['compare', '--with', '../other']).with).toBe('/somewhere/other');
    } finally {
      delete process.env['INIT_CWD'];
    }
  });

  it.each([
    [['nothing'], 'neither a case nor a subject'],
    [['--runs', '0'], '--runs 0: give a whole number from 1'],
    [['--way', 'sideways'], '--way sideways: give turns or together'],
    [['--unknown'], '--unknown'],
  ])('refuses %j', (args, message) => {
    expect(() => readOptions(args)).toThrow(message);
  });

  it('prefers given options to the defaults of a case', () => {
    const defaults = { runs: 20, seconds: 10, quick: { runs: 3, seconds: 3 } };
    expect(optionsFor({ defaults }, {})).toMatchObject({ runs: 20, seconds: 10 });
    expect(optionsFor({ defaults }, { quick: true, seconds: 1 })).toMatchObject({ runs: 3, seconds: 1 });
  });
});
