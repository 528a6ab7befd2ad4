/** Numbers, times and sizes for people. */

const NUMBER = new Intl.NumberFormat('en');
const SHORT = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : NUMBER.format(value);
}

export function rate(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  return value >= 100 ? NUMBER.format(Math.round(value)) : SHORT.format(value);
}

export function percent(share: number | null | undefined): string {
  return share === null || share === undefined ? '–' : `${Math.round(share * 100)} %`;
}

export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return '–';
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${SHORT.format(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}

export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  if (value < 1e6) return `${SHORT.format(value / 1e3)} KB`;
  return value < 1e9 ? `${SHORT.format(value / 1e6)} MB` : `${SHORT.format(value / 1e9)} GB`;
}

/** The time of today, or the date and the time. */
export function when(iso: string | null): string {
  if (iso === null) return '–';
  const date = new Date(iso);
  const time = date.toLocaleTimeString('en-GB');
  return date.toDateString() === new Date().toDateString()
    ? time
    : `${date.toLocaleDateString('en-CA')} ${time}`;
}
