/** Scrapes processes of a service at intervals, as Prometheus does. */
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
  const timer = setInterval(() => {
    for (const url of urls()) scrape(url).catch(() => {});
  }, EVERY_MS);
  return { seen, stop: () => clearInterval(timer) };
}
