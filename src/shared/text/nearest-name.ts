/** Finds what somebody probably meant to type. */

/** The known name nearest to `name` by edit distance, or null where none is near (a third of its length). */
export function nearestName(name: string, known: readonly string[]): string | null {
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(Math.max(name.length, 3) / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase(), bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best ?? known.find((k) => isNearExtension(name, k)) ?? null;
}

/** `batch` for `batch_size`, `digits` for `digits-small`. */
function isNearExtension(name: string, known: string): boolean {
  const [a, b] = [name.toLowerCase(), known.toLowerCase()];
  return a.length >= 3 && b.length >= 3 && (b.startsWith(a) || a.startsWith(b));
}

/** Longer names are no typing errors, and would cost time. */
const MAX_LENGTH = 100;

/** Edits (insert, delete, replace, swap of neighbours) from a to b; at least `limit` where there are more. */
function editDistance(a: string, b: string, limit: number): number {
  if (a.length > MAX_LENGTH || Math.abs(a.length - b.length) >= limit) return limit;
  let older: number[] = [];
  let old = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replace = old[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min(old[j]! + 1, row[j - 1]! + 1, replace);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, older[j - 2]! + 1);
      }
      row.push(least);
    }
    older = old;
    old = row;
  }
  return old[b.length]!;
}
