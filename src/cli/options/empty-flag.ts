/** `--allow-empty`, of every command that follows a job to its end. */
import type { Command } from 'commander';

export interface EmptyFlag {
  readonly allowEmpty?: true;
}

export function addEmptyFlag(command: Command): Command {
  return command.option('--allow-empty', 'exit 0, not 1, when the input holds no row');
}
