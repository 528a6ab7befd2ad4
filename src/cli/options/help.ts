/** What every command's help ends with: examples that can be pasted, what else to know, and the exit codes. */
import type { Command } from 'commander';
import { EXIT_CODES_TEXT } from '../exit-codes.ts';

export interface Help {
  /** Command lines. */
  readonly examples: readonly string[];
  /** Paragraphs. */
  readonly notes?: readonly string[];
  /** Where they mean something of this command's own. */
  readonly exitCodes?: string;
}

export function addHelp(
  command: Command,
  { examples, notes = [], exitCodes = EXIT_CODES_TEXT }: Help,
): Command {
  const paragraphs = [
    ['Examples:', ...examples.map((line) => `  ${line}`)].join('\n'),
    ...notes,
    `Exit codes: ${exitCodes}`,
  ];
  return command.addHelpText('after', `\n${paragraphs.join('\n\n')}`);
}
