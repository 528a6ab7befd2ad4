// Plans the faults of a seed. Each fault happens after a share of the job's blocks. The same seed gives the same plan.
import { createRandom, type Random } from '../support/random.ts';

/** The number of a worker, or the name of an API. */
export type Who = number | 'api' | 'api2';

export type Fault =
  | { readonly kind: 'kill_worker'; readonly slot: number }
  | { readonly kind: 'kill_api' }
  | { readonly kind: 'kill_redis' }
  /** The worker is frozen until its locks have expired. Then it continues as a zombie. */
  | { readonly kind: 'freeze_worker'; readonly slot: number; readonly ms: number }
  | { readonly kind: 'cut'; readonly who: Who }
  /** For a while, messages between a process and Redis arrive `ms` late. */
  | { readonly kind: 'delay'; readonly who: Who; readonly ms: number; readonly forMs: number }
  | { readonly kind: 'fill_disk'; readonly forMs: number }
  | { readonly kind: 'kill_store' | 'cut_store' }
  | { readonly kind: 'delay_store'; readonly ms: number; readonly forMs: number }
  /** The store answers every request with 503 SlowDown. */
  | { readonly kind: 'throttle_store'; readonly forMs: number }
  | { readonly kind: 'jump_clock'; readonly who: Who; readonly byMs: number };
export type FaultKind = Fault['kind'];

export interface PlannedFault {
  /** The share of the job's blocks that are published when the fault happens, 0 to 1. */
  readonly at: number;
  readonly fault: Fault;
}

export const FAULT_KINDS: readonly FaultKind[] = [
  'kill_worker',
  'kill_api',
  'kill_redis',
  'freeze_worker',
  'cut',
  'delay',
  'fill_disk',
  'jump_clock',
];

/** For outputs on S3 and Azure. */
export const STORE_FAULT_KINDS: readonly FaultKind[] = [
  'kill_store',
  'freeze_worker',
  'throttle_store',
  'kill_worker',
  'cut_store',
  'kill_api',
  'delay_store',
  'kill_redis',
  'cut',
  'delay',
  'jump_clock',
];

/** Plans this many faults. The seed selects the first kind, so that a few seeds contain all kinds. */
export function planOf(
  seed: number,
  { workers, faults, kinds = FAULT_KINDS }: { workers: number; faults: number; kinds?: readonly FaultKind[] },
): PlannedFault[] {
  const random = createRandom(seed);
  return Array.from({ length: faults }, (_, i) => {
    const kind = i === 0 ? kinds[seed % kinds.length]! : random.pick(kinds);
    const at = (i + random.next()) * (0.8 / faults);
    return { at, fault: faultOf(kind, random, workers) };
  });
}

export function planText(plan: readonly PlannedFault[]): string {
  return plan
    .map(({ at, fault: { kind, ...rest } }) => {
      const how = Object.entries(rest).map(([name, value]) => `${name}=${value}`);
      return `${(at * 100).toFixed(0)} % ${[kind, ...how].join(' ')}`;
    })
    .join('; ');
}

const HOUR_MS = 3_600_000;

function faultOf(kind: FaultKind, random: Random, workers: number): Fault {
  const slot = random.int(0, workers - 1);
  const who: Who = random.int(0, workers) === workers ? 'api' : slot;
  switch (kind) {
    case 'kill_api':
    case 'kill_redis':
    case 'kill_store':
    case 'cut_store':
      return { kind };
    case 'delay_store':
      return { kind, ms: random.pick([50, 500, 5_000]), forMs: random.int(1_000, 6_000) };
    case 'throttle_store':
      return { kind, forMs: random.int(500, 8_000) };
    case 'kill_worker':
      return { kind, slot };
    case 'freeze_worker':
      return { kind, slot, ms: random.int(11_000, 14_000) };
    case 'cut':
      return { kind, who };
    case 'delay':
      return { kind, who, ms: random.pick([20, 300, 4_000, 12_000]), forMs: random.int(1_000, 5_000) };
    case 'fill_disk':
      return { kind, forMs: random.int(500, 4_000) };
    case 'jump_clock':
      return { kind, who, byMs: random.pick([-24, -1, -0.02, 0.02, 1, 24]) * HOUR_MS };
  }
}
