/** Lists, drains and resumes the workers of a running service. */
import type { WorkerWire } from '../../api/http/wire/overview.ts';
import type { IntakeOrder } from '../../shared/domain/intake-state.ts';
import { modelTitle } from '../../shared/models/version-name.ts';
import { formatBytes } from '../../shared/text/bytes.ts';
import type { CliContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { table } from '../jobs/table.ts';
import { connectTo, type ApiFlags } from '../options/api-flags.ts';
import { formatSeconds } from '../progress/format.ts';

export async function listWorkers(flags: ApiFlags, context: CliContext): Promise<number> {
  const { data } = await connectTo(flags, context).workers();
  if (flags.json) context.terminal.out(`${JSON.stringify(data)}\n`);
  else if (data.length === 0) context.terminal.err('No workers. Start one with: forebay worker\n');
  else context.terminal.out(workersTable(data, Date.now()));
  return EXIT.ok;
}

export async function orderWorker(
  order: IntakeOrder,
  id: string,
  flags: ApiFlags,
  context: CliContext,
): Promise<number> {
  const client = connectTo(flags, context);
  const worker = await (order === 'drain' ? client.drainWorker(id) : client.resumeWorker(id));
  context.terminal.out(flags.json ? `${JSON.stringify(worker)}\n` : orderText(order, worker));
  return EXIT.ok;
}

function orderText(order: IntakeOrder, { id }: WorkerWire): string {
  const what =
    order === 'drain'
      ? `Worker ${id} is asked to drain. It takes no more work and finishes what it holds. It is drained when`
      : `Worker ${id} is asked to resume. It takes work again when`;
  return `${what} its status says so; see: forebay workers\n`;
}

function workersTable(workers: readonly WorkerWire[], nowMs: number): string {
  const head = ['ID', 'STATUS', 'POOL', 'LANES', 'MEMORY', 'AGE', 'MODELS'];
  const lines = workers.map(({ id, status, pool, lanes, memory, started_at, models }) => [
    id,
    status,
    pool,
    lanes === null ? '-' : String(lanes.value),
    memory.rss_bytes === null ? '-' : formatBytes(memory.rss_bytes),
    formatSeconds(Math.max(0, (nowMs - Date.parse(started_at)) / 1000)),
    models.map(modelText).join(', ') || '-',
  ]);
  return table([head, ...lines], [3, 4, 5]);
}

function modelText(model: WorkerWire['models'][number]): string {
  return model.status === 'serving' ? modelTitle(model) : `${modelTitle(model)} (${model.status})`;
}
