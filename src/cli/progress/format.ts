/** Numbers for people. Pure. */

const GROUPS = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** 1234567 -> "1,234,567". */
export function formatCount(n: number): string {
  return GROUPS.format(n);
}

/** `1 row`, `1,234 rows`. */
export function formatCounted(n: number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(n)} ${n === 1 ? noun : plural}`;
}

/** Fewer decimals for higher rates: 0.52, 8.4, 163, 12,400. */
export function formatRate(perSecond: number): string {
  if (perSecond >= 100) return formatCount(perSecond);
  return perSecond >= 10 ? perSecond.toFixed(0) : perSecond.toFixed(perSecond >= 1 ? 1 : 2);
}

/** "0.4 s", "12 s", "3 min 5 s", "2 h 10 min", "3 d 4 h". */
export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return twoUnits(Math.floor(s / 60), 'min', s % 60, 's');
  const min = Math.round(s / 60);
  if (min < 1440) return twoUnits(Math.floor(min / 60), 'h', min % 60, 'min');
  const h = Math.round(min / 60);
  return twoUnits(Math.floor(h / 24), 'd', h % 24, 'h');
}

function twoUnits(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** Whole percent, rounded down, so that 100 means done. */
export function percentOf(part: number, whole: number): number {
  if (whole <= 0) return 100;
  return part >= whole ? 100 : Math.min(99, Math.floor((part / whole) * 100));
}
