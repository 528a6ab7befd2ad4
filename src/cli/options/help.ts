/** The end of every command's help: examples to paste, notes and exit codes. */
import type { Command } from 'commander';
import { EXIT_CODES_TEXT } from '../exit-codes.ts';

export interface Help {
  /** Command lines. */
  readonly examples: readonly string[];
  /** Paragraphs. */
  readonly notes?: readonly string[];
  /** For a command with its own exit codes. */
  readonly exitCodes?: string;
}

/** For commands that start their own processes. */
export const PIPELINE_NOTE = 'A --pipeline takes its models from the folder of --models.';

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
