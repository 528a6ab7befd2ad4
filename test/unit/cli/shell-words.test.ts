// Command lines as text to paste into a shell.
import { describe, expect, it } from 'vitest';
import { nextLine, programName, resumeLine } from '#forebay/cli/shell-words.js';
import { shellLine } from '#forebay/shared/text/shell-line.js';

describe('lines to paste into a shell', () => {
  it('quote what a shell would interpret', () => {
    expect(shellLine(['run', "it's", 'a b', '*.jpg', 'x=1'])).toBe("run 'it'\\''s' 'a b' '*.jpg' x=1");
  });

  it('resume with the same arguments, but with --resume instead of --overwrite', () => {
    expect(resumeLine('npx forebay', ['run', '--overwrite', '--input', 'my photos'])).toBe(
      "npx forebay run --input 'my photos' --resume",
    );
  });

  it('name the program as the user called it', () => {
    expect(programName({ npm_command: 'exec' }, '/x/forebay')).toBe('npx forebay');
    expect(programName({}, '/usr/bin/forebay')).toBe('forebay');
    expect(programName({}, '/x/bin/forebay.js')).toBe('node /x/bin/forebay.js');
  });
});

it('a plan names the command that runs what was planned', () => {
  const next = (argv: string[], flags = {}) =>
    nextLine({ program: 'forebay', argv }, { newOutput: 'results', ...flags });
  expect(next(['plan', '--model', 'm', '--input', 'plan', '--json'])).toBe(
    'forebay run --model m --input plan --output results',
  );
  expect(next(['plan', '--output', 'o o'], { output: 'o o' })).toBe("forebay run --output 'o o'");
  const url = 'http://h:1';
  expect(next(['plan', '--model', 'm', '--url', url], { url })).toBe(`forebay submit --model m --url ${url}`);
});
