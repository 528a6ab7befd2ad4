/** Scrapes processes of a service at intervals, as Prometheus does. */
import { setInterval } from 'node:timers';

/** Three times as often as Prometheus by default. */
const EVERY_MS = 5000;

/**
 * @param {() => readonly string[]} urls of the processes that run now
 * @returns `seen`: scrapes and their bytes so far; `stop()`
 */
export function scrapeOften(urls) {
  const seen = { scrapes: 0, bytes: 0 };
  const scrape = async (url) => {
    const answer = await fetch(new URL('/metrics', url));
    seen.bytes += (await answer.arrayBuffer()).byteLength;
    if (answer.ok) seen.scrapes += 1;
  };
  // Processes come and go.
  const timer = setInterval(() => urls().forEach((url) => scrape(url).catch(() => {})), EVERY_MS);
  return { seen, stop: () => clearInterval(timer) };
}
