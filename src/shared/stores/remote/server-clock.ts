/** The time of a server, from the dates of its answers. It is never ahead of the server, whatever the clock here says. */
import type { IncomingHttpHeaders } from 'node:http';

export interface ServerClock {
  read(headers: IncomingHttpHeaders): void;
  /** Epoch ms. That of this machine until a date was read. */
  now(): number;
}

export function createServerClock(): ServerClock {
  let known: { readonly date: number; readonly at: number } | null = null;
  let text: string | undefined;
  return {
    read({ date }) {
      // Most answers have the same date as the one before, and parsing it costs time.
      if (date === text) return;
      text = date;
      const parsed = date === undefined ? Number.NaN : Date.parse(date);
      if (!Number.isNaN(parsed)) known = { date: parsed, at: performance.now() };
    },
    // The server wrote the date before it arrived here.
    now: () => (known === null ? Date.now() : known.date + (performance.now() - known.at)),
  };
}
