// Injects one fault into a cluster. A fault with a duration ends by itself, and `healed` then settles.
import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';
import type { Fault } from './plan.ts';

export interface Injected {
  readonly healed: Promise<void>;
}

/** Settles when the fault has happened. */
export async function inject(cluster: Cluster, fault: Fault): Promise<Injected> {
  switch (fault.kind) {
    case 'kill_worker':
      await cluster.replace(fault.slot);
      break;
    case 'kill_api':
      await cluster.replace('api');
      break;
    case 'kill_redis':
      await cluster.redis.crash();
      break;
    case 'freeze_worker': {
      const { slot, ms } = fault;
      cluster.signal(slot, 'SIGSTOP');
      // If the process was killed meanwhile, SIGCONT has no effect on its successor, which is not stopped.
      return { healed: delay(ms).then(() => cluster.signal(slot, 'SIGCONT')) };
    }
    case 'cut':
      cluster.proxy(fault.who).cut();
      break;
    case 'delay': {
      const proxy = cluster.proxy(fault.who);
      proxy.delay(fault.ms);
      return { healed: delay(fault.forMs).then(() => proxy.delay(0)) };
    }
    case 'fill_disk': {
      const { disk } = cluster;
      if (disk === null) break;
      disk.fill();
      return { healed: delay(fault.forMs).then(() => disk.empty()) };
    }
    case 'jump_clock':
      cluster.jumpClock(fault.who, fault.byMs);
      break;
  }
  return { healed: Promise.resolve() };
}
