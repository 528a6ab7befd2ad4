/** `forebay workers`: the workers of a running service. */
import type { Command } from 'commander';
import { INTAKE_ORDERS, type IntakeOrder } from '../../shared/domain/intake-state.ts';
import type { CliContext } from '../context.ts';
import { addHelp } from '../options/help.ts';
import { addApiUrlFlags, type ApiFlags } from '../options/api-flags.ts';

const ABOUT: Readonly<Record<IntakeOrder, { summary: string; description: string; notes?: string[] }>> = {
  drain: {
    summary: 'let a worker finish what it holds, and take no more',
    description:
      'Drains a worker: it takes no more blocks and online requests, and finishes those that it holds. Then its status is drained, and it can be ended without loss of work.',
    notes: [
      'The worker stays alive until it is ended. The drain ends with its process: a worker that is restarted takes work.',
      'Keys need the scope admin for this.',
    ],
  },
  resume: {
    summary: 'let a drained worker take work again',
    description: 'Lets a worker that is drained, or is being drained, take blocks and online requests again.',
    notes: ['Keys need the scope admin for this.'],
  },
};

export function addWorkers(program: Command, context: CliContext): void {
  const workers = program
    .command('workers')
    .summary('list, drain and resume workers')
    .description('Lists, drains and resumes the workers of a running service.')
    .helpCommand(false);
  addHelp(workers, { examples: ['forebay workers', 'forebay workers drain host-1.4711.5f0c9e2a'] });

  // Loaded on demand, so that other commands start faster.
  const load = async () => import('../service-workers/service-workers.ts');

  const list = workers
    .command('list', { isDefault: true })
    .summary('list live workers (the default)')
    .description('Lists the live workers of a running service. Keys need the scope service:read for this.');
  addApiUrlFlags(list).action(async (flags: ApiFlags) =>
    context.exitWith(await (await load()).listWorkers(flags, context)),
  );
  addHelp(list, { examples: ['forebay workers list', 'forebay workers list --json'] });

  for (const order of INTAKE_ORDERS) {
    const { summary, description, notes } = ABOUT[order];
    const command = workers
      .command(order)
      .argument('<id>', 'the worker; forebay workers lists all ids')
      .summary(summary)
      .description(description);
    addApiUrlFlags(command).action(async (id: string, flags: ApiFlags) =>
      context.exitWith(await (await load()).orderWorker(order, id, flags, context)),
    );
    addHelp(command, {
      examples: [`forebay workers ${order} host-1.4711.5f0c9e2a`],
      ...(notes && { notes }),
    });
  }
}
