/** Bull Board over the block queues. It is loaded on first use, because most services never show it. */
import { Hono } from 'hono';
import type { BlockQueues } from '../../../shared/queue/blocks/block-queue.ts';

export const BOARD_PATH = '/ops/queues';

export interface Board {
  /** Shows these queues and no others. */
  show(queues: readonly string[]): void;
  answer(request: Request): Promise<Response>;
}

export async function createBoard(queues: Pick<BlockQueues, 'bullQueue'>): Promise<Board> {
  const [{ createBullBoard }, { BullMQAdapter }, { HonoAdapter }, { serveStatic }] = await Promise.all([
    import('@bull-board/api'),
    import('@bull-board/api/bullMQAdapter'),
    import('@bull-board/hono'),
    import('@hono/node-server/serve-static'),
  ]);
  const server = new HonoAdapter(serveStatic).setBasePath(BOARD_PATH);
  const board = createBullBoard({
    queues: [],
    serverAdapter: server,
    options: { uiConfig: { boardTitle: 'Forebay queues' } },
  });
  const app = new Hono().route(BOARD_PATH, server.registerPlugin());
  const adapters = new Map<string, InstanceType<typeof BullMQAdapter>>();
  const adapterOf = (name: string) => {
    let adapter = adapters.get(name);
    if (!adapter) {
      // Blocks are steered through their jobs. Feeders would only undo other changes to a queue.
      adapter = new BullMQAdapter(queues.bullQueue(name), { readOnlyMode: true });
      adapters.set(name, adapter);
    }
    return adapter;
  };
  return {
    show: (names) => board.replaceQueues(names.map(adapterOf)),
    answer: async (request) => app.fetch(request),
  };
}
