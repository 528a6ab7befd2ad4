/**
 * Per host, whether it is worth asking now: after a run of failures a host is left alone for a while, then asked by
 * one request; its answer decides. Keeps nothing of hosts that answer. Pure but for the clock it is given.
 */

export interface CircuitBreaker {
  /** 0: ask now (the caller must then report). Otherwise milliseconds until it is worth trying. */
  openForMs(host: string): number;
  succeeded(host: string): void;
  failed(host: string): void;
  /** The request has told nothing about the host: its caller stopped, or it never got there. */
  abandoned(host: string): void;
}

/** Failures in a row that open a circuit: more than one bad moment makes with a few reads at once. */
const FAILURES = 16;
const OPEN_MIN_MS = 2_000;
const OPEN_MAX_MS = 60_000;
/** Hosts remembered; the oldest is forgotten beyond that. Users choose the hosts. */
const MAX_HOSTS = 10_000;

interface Host {
  failures: number;
  /** How long the circuit was opened last; 0: not open. */
  openMs: number;
  /** Time from which one request may try. */
  tryAt: number;
  trying: boolean;
}

export function createCircuitBreaker(now: () => number = () => performance.now()): CircuitBreaker {
  const hosts = new Map<string, Host>();

  return {
    openForMs(name) {
      const host = hosts.get(name);
      if (!host || host.openMs === 0) return 0;
      const wait = host.tryAt - now();
      if (wait > 0) return wait;
      if (host.trying) return OPEN_MIN_MS;
      host.trying = true;
      return 0;
    },
    succeeded(name) {
      hosts.delete(name);
    },
    failed(name) {
      let host = hosts.get(name);
      if (!host) {
        host = { failures: 0, openMs: 0, tryAt: 0, trying: false };
        hosts.set(name, host);
        if (hosts.size > MAX_HOSTS) hosts.delete(hosts.keys().next().value!);
      }
      host.failures += 1;
      const opens = host.openMs === 0 ? host.failures >= FAILURES : host.trying;
      host.trying = false;
      if (!opens) return;
      host.openMs = Math.min(OPEN_MAX_MS, Math.max(OPEN_MIN_MS, host.openMs * 2));
      host.tryAt = now() + host.openMs;
    },
    abandoned(name) {
      const host = hosts.get(name);
      // The next request may try in its place.
      if (host) host.trying = false;
    },
  };
}
