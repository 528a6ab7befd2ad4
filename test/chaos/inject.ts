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
      const { disk } = cluster.place;
      if (disk === null) break;
      disk.fill();
      return { healed: delay(fault.forMs).then(() => disk.empty()) };
    }
    case 'kill_store':
      return { healed: cluster.place.store?.crash() ?? Promise.resolve() };
    case 'cut_store':
      cluster.place.store?.cut();
      break;
    case 'delay_store': {
      const { store } = cluster.place;
      store?.delay(fault.ms);
      return { healed: delay(fault.forMs).then(() => store?.delay(0)) };
    }
    case 'throttle_store': {
      const { store } = cluster.place;
      store?.throttle(true);
      return { healed: delay(fault.forMs).then(() => store?.throttle(false)) };
    }
    case 'jump_clock':
      cluster.jumpClock(fault.who, fault.byMs);
      break;
  }
  return { healed: Promise.resolve() };
}
