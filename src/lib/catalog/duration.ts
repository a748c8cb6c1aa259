const units = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
type Unit = keyof typeof units;

/** `90s`, `30m`, `24h`, `7d`, or joined, largest first: `1d12h`. In milliseconds; undefined where it is none of these. */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?$/.test(text) || text === '') return undefined;
  let total = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)([smhd])/g)) total += Number(count) * units[unit as Unit];
  return Number.isSafeInteger(total) ? total : undefined;
}

/** The shortest form that `parseDuration` reads back: `36h` is `1d12h`. Parts of a second are cut off. */
export function formatDuration(milliseconds: number): string {
  let rest = milliseconds;
  let text = '';
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const count = Math.floor(rest / units[unit]);
    rest -= count * units[unit];
    if (count > 0) text += `${count}${unit}`;
  }
  return text === '' ? '0s' : text;
}
