/**
 * Decides per host whether to send a request now. After several consecutive failures it pauses a host, then lets one
 * request try it. Implemented here, because libraries count a request that tells nothing about the host as a success,
 * or keep timers per host (docs/adr/0010-own-pieces.md).
 */

export interface CircuitBreaker {
  /** 0: send now, and report the outcome. Otherwise the milliseconds until the next attempt. */
  openForMs(host: string): number;
  succeeded(host: string): void;
  failed(host: string): void;
  /** The request tells nothing about the host: its caller stopped, or it never reached the host. */
  abandoned(host: string): void;
}

/** Consecutive failures that open a circuit. A few parallel reads in one bad moment cause fewer. */
const FAILURES = 16;
const OPEN_MIN_MS = 2_000;
const OPEN_MAX_MS = 60_000;
/** Users choose the hosts, so their number is bounded. The oldest host is forgotten. */
const MAX_HOSTS = 10_000;

/** Healthy hosts are not kept. */
type Circuit =
  | { readonly state: 'closed'; readonly failures: number }
  /** No requests until `tryAt`. Then one may try. */
  | { readonly state: 'open'; readonly openMs: number; readonly tryAt: number }
  /** One request is trying the host. */
  | { readonly state: 'trying'; readonly openMs: number; readonly tryAt: number };

export function createCircuitBreaker(now: () => number = () => performance.now()): CircuitBreaker {
  const hosts = new Map<string, Circuit>();

  function open(host: string, openMs: number): void {
    hosts.set(host, { state: 'open', openMs, tryAt: now() + openMs });
  }

  return {
    openForMs(host) {
      const circuit = hosts.get(host);
      if (!circuit || circuit.state === 'closed') return 0;
      const wait = circuit.tryAt - now();
      if (wait > 0) return wait;
      if (circuit.state === 'trying') return OPEN_MIN_MS;
      hosts.set(host, { ...circuit, state: 'trying' });
      return 0;
    },
    succeeded(host) {
      hosts.delete(host);
    },
    failed(host) {
      const circuit = hosts.get(host) ?? { state: 'closed', failures: 0 };
      if (circuit.state === 'trying') {
        open(host, Math.min(OPEN_MAX_MS, circuit.openMs * 2));
      } else if (circuit.state === 'closed') {
        const failures = circuit.failures + 1;
        if (failures >= FAILURES) open(host, OPEN_MIN_MS);
        else hosts.set(host, { state: 'closed', failures });
        if (hosts.size > MAX_HOSTS) hosts.delete(hosts.keys().next().value!);
      }
      // A request that started before the circuit opened changes nothing.
    },
    abandoned(host) {
      const circuit = hosts.get(host);
      // The next request may try the host instead.
      if (circuit?.state === 'trying') hosts.set(host, { ...circuit, state: 'open' });
    },
  };
}
