/** Finds the known name that somebody probably meant to type. */

/** The nearest known name: at most a third of the letters differ, or one name starts with the other. Null if none is near. */
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
  return best ?? known.find((k) => isPrefix(name, k)) ?? null;
}

/** `batch` means `batch_size`, `digits` means `digits-small`. */
function isPrefix(name: string, known: string): boolean {
  const [a, b] = [name.toLowerCase(), known.toLowerCase()];
  return a.length >= 3 && b.length >= 3 && (b.startsWith(a) || a.startsWith(b));
}

/** Longer names are not typing errors, and would take time to compare. */
const MAX_LENGTH = 100;

/** Counts the edits from a to b: insert, delete, replace, or swap two neighbours. May stop at `limit`. */
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
