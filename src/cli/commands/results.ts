/** `forebay results ID`: writes the rows of a job to stdout as NDJSON. */
import { Option, type Command } from 'commander';
import type { CliContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { addApiUrlFlags, connectTo, type ApiFlags } from '../options/api-flags.ts';
import { addHelp } from '../options/help.ts';
import { wholeNumber } from '../options/parsers.ts';

interface ResultsFlags extends ApiFlags {
  readonly errors?: true;
  readonly withErrors?: true;
  readonly fromRow?: number;
  readonly follow?: true;
}

/** Lines are written together, because one write per line would cost more than reading the line. */
const CHUNK_CHARS = 64 * 1024;

export function addResults(program: Command, context: CliContext): void {
  const command = program
    .command('results')
    .argument('<id>', 'the job')
    .summary('write the rows of a job to stdout')
    .description('Writes the finished rows of a job to stdout, one line of JSON per row, in order.')
    .addOption(new Option('--errors', 'only the rows that failed').conflicts('withErrors'))
    .option('--with-errors', 'also the rows that failed, in row order')
    .option('--from-row <n>', 'start at the row with this index', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .option('--follow', 'keep writing rows until the job ends');
  addApiUrlFlags(command).action(async (id: string, flags: ResultsFlags) => {
    await results(id, flags, context);
    context.exitWith(EXIT.ok);
  });
  addHelp(command, {
    examples: [
      'forebay results job_01KAMK6X5V8E3M7Q9T2R4W6Y8Z --follow',
      'forebay results job_01KAMK6X5V8E3M7Q9T2R4W6Y8Z --errors',
    ],
  });
}

async function results(id: string, flags: ResultsFlags, context: CliContext): Promise<void> {
  const api = connectTo(flags, context);
  const { fromRow, follow = false } = flags;
  const query = { follow, ...(fromRow === undefined ? {} : { fromRow }) };
  const lines = flags.errors
    ? api.errorLines(id, query)
    : api.resultLines(id, { ...query, includeErrors: flags.withErrors === true });
  let chunk = '';
  for await (const line of lines) {
    chunk += `${line}\n`;
    // With --follow, the reader wants each row immediately.
    if (!follow && chunk.length < CHUNK_CHARS) continue;
    await context.terminal.pipe(chunk);
    chunk = '';
  }
  if (chunk !== '') await context.terminal.pipe(chunk);
}
