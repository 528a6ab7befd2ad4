/** `forebay results ID`: a job's rows as NDJSON on stdout. */
import { Option, type Command } from 'commander';
import type { CliContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { addApiUrlFlags, connectTo, type ApiFlags } from '../options/api-flags.ts';
import { wholeNumber } from '../options/parsers.ts';

interface ResultsFlags extends ApiFlags {
  readonly errors?: true;
  readonly include?: 'errors';
  readonly fromRow?: number;
  readonly follow?: true;
}

/** Lines written together: a write each would cost more than reading them. */
const CHUNK_CHARS = 64 * 1024;

export function addResults(program: Command, context: CliContext): void {
  const command = program
    .command('results')
    .argument('<id>', 'the job')
    .summary('write the rows of a job to stdout')
    .description(
      'Writes the rows of a job to stdout, a line of JSON each, in order, as far as they are there.',
    )
    .addOption(new Option('--errors', 'the rows that failed instead').conflicts('include'))
    .addOption(new Option('--include <what>', 'errors: merge the rows that failed').choices(['errors']))
    .option('--from-row <n>', 'start at the row with this index', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .option('--follow', 'wait for the rest until the job ends');
  addApiUrlFlags(command).action(async (id: string, flags: ResultsFlags) => {
    await results(id, flags, context);
    context.exitWith(EXIT.ok);
  });
}

async function results(id: string, flags: ResultsFlags, context: CliContext): Promise<void> {
  const api = connectTo(flags, context);
  const { fromRow, follow = false } = flags;
  const query = { follow, ...(fromRow === undefined ? {} : { fromRow }) };
  const lines = flags.errors
    ? api.errorLines(id, query)
    : api.resultLines(id, { ...query, includeErrors: flags.include === 'errors' });
  let chunk = '';
  for await (const line of lines) {
    chunk += `${line}\n`;
    // Who follows wants each row now.
    if (!follow && chunk.length < CHUNK_CHARS) continue;
    await context.terminal.pipe(chunk);
    chunk = '';
  }
  if (chunk !== '') await context.terminal.pipe(chunk);
}
