import { TZDate } from '@date-fns/tz';
import type { PromotionWindow } from './model.ts';

export type WindowState = { readonly open: true } | { readonly open: false; readonly opensAt: Date };

/** A promotion window that cannot be read. `expected` and `word` (what was not understood) serve the message. */
export class InvalidWindow extends Error {
  override readonly name = 'InvalidWindow';
  readonly expected: string;
  readonly word: string;
  readonly known: readonly string[];

  constructor(message: string, expected: string, word: string, known: readonly string[] = []) {
    super(message);
    this.expected = expected;
    this.word = word;
    this.known = known;
  }
}

const dayNames = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const example = 'days, hours and a time zone, as in Mon-Fri 08:00-17:00 Europe/Berlin';

/*
 *   window ::= days " " time "-" time " " zone
 *   days   ::= range ("," range)*        range ::= day [ "-" day ]     (Fri-Mon runs over the weekend)
 *   time   ::= HH ":" MM, from 00:00 to 24:00
 *   zone   ::= an IANA time zone
 */
export function parseWindow(text: string): PromotionWindow {
  const [days, hours, zone, ...rest] = text.trim().split(/\s+/);
  if (days === undefined || hours === undefined || zone === undefined || rest.length > 0) {
    throw new InvalidWindow(`${JSON.stringify(text)} is not a promotion window.`, example, text);
  }
  const [from, to, more] = hours.split('-').map(parseTime);
  if (from === undefined || to === undefined || more !== undefined) {
    throw new InvalidWindow(`${hours} is not a span of hours.`, 'two times of day, as in 08:00-17:00', hours);
  }
  if (from === to || from === minutesPerDay) {
    throw new InvalidWindow(`${hours} has no length.`, 'an end other than the start; 00:00-24:00 is all day', hours);
  }
  return { text: text.trim(), days: parseDays(days), from, to, zone: parseZone(zone) };
}

const minutesPerDay = 24 * 60;

function parseTime(text: string): number | undefined {
  const found = /^([01]?\d|2[0-4]):([0-5]\d)$/.exec(text);
  if (found === null) return undefined;
  const minutes = Number(found[1]) * 60 + Number(found[2]);
  return minutes <= minutesPerDay ? minutes : undefined;
}

function parseDays(text: string): Set<number> {
  const days = new Set<number>();
  for (const range of text.split(',')) {
    const [first, last, more] = range.split('-').map(parseDay);
    if (first === undefined || more !== undefined) {
      throw new InvalidWindow(`${range} is not a range of days.`, 'days as in Mon-Fri or Mon,Wed', range, dayNames);
    }
    const end = last ?? first;
    for (let day = first; ; day = (day % 7) + 1) {
      days.add(day);
      if (day === end) break;
    }
  }
  return days;
}

function parseDay(text: string): number {
  const index = dayNames.findIndex((name) => name.toLowerCase() === text.toLowerCase());
  if (index >= 0) return index + 1;
  throw new InvalidWindow(`${JSON.stringify(text)} is not a day.`, `one of ${dayNames.join(', ')}`, text, dayNames);
}

function parseZone(zone: string): string {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return zone;
  } catch {
    const known = Intl.supportedValuesOf('timeZone');
    throw new InvalidWindow(
      `${zone} is not a time zone.`,
      'an IANA time zone, as in Europe/Berlin or UTC',
      zone,
      known,
    );
  }
}

/** Whether promotions may happen at `now`, and where they may not, when they may. */
export function windowState(window: PromotionWindow, now: Date): WindowState {
  const spans = spansAround(window, now);
  if (spans.some((span) => span.start <= now.getTime() && now.getTime() < span.end)) return { open: true };
  const next = spans.find((span) => span.start > now.getTime());
  // A week holds each day once and a gap of daylight saving swallows one occurrence at most, so two weeks hold a next.
  if (next === undefined) throw new Error(`Promotion window ${window.text} has no next opening after ${now}.`);
  return { open: false, opensAt: new Date(next.start) };
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** From two days ago to two weeks ahead, in order. */
function spansAround(window: PromotionWindow, now: Date): Span[] {
  const local = new TZDate(now.getTime(), window.zone);
  const spans: Span[] = [];
  for (let offset = -2; offset <= 15; offset++) {
    const at = (minutes: number, days = 0) =>
      new TZDate(
        local.getFullYear(),
        local.getMonth(),
        local.getDate() + offset + days,
        Math.floor(minutes / 60),
        minutes % 60,
        window.zone,
      );
    if (!window.days.has(at(0).getDay() || 7)) continue;
    const start = at(window.from).getTime();
    const end = at(window.to, window.to > window.from ? 0 : 1).getTime();
    if (start < end) spans.push({ start, end });
  }
  return spans;
}
