import { CronExpressionParser } from 'cron-parser';
import { parseTimeSpan } from '../time-span.ts';

export interface Schedule {
  readonly expression: string;
  /** Occurrences closer than a minute: such schedules are never monitored. */
  readonly isSubMinute: boolean;
  /** The first occurrence after `time`. */
  next(time: Date): Date;
}

/** NCRONTAB knows lists, ranges, steps and names; cron-parser knows more (`L`, `?`, `#`, `@daily`), which Azure refuses. */
const field = /^(?:\*|[0-9A-Za-z]+(?:-[0-9A-Za-z]+)?)(?:\/\d+)?(?:,(?:\*|[0-9A-Za-z]+(?:-[0-9A-Za-z]+)?)(?:\/\d+)?)*$/;
const name = /^(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat)$/i;

const isField = (text: string): boolean =>
  field.test(text) && (text.match(/[A-Za-z]+/g) ?? []).every((word) => name.test(word));

/**
 * `{second} {minute} {hour} {day} {month} {day of week}`; five fields leave the second out. A TimeSpan is an interval.
 * Anything else is undefined. https://github.com/atifaziz/NCrontab
 */
export function parseSchedule(expression: string, timeZone: string): Schedule | undefined {
  const interval = parseTimeSpan(expression);
  if (interval !== undefined) {
    if (interval <= 0) return undefined;
    return {
      expression,
      isSubMinute: interval < 60_000,
      next: (time) => new Date(time.getTime() + interval),
    };
  }
  const fields = expression.trim().split(/\s+/);
  if (fields.length === 5) fields.unshift('0');
  if (fields.length !== 6 || !fields.every(isField)) return undefined;
  return parseCron(expression, fields, timeZone);
}

function parseCron(expression: string, fields: readonly string[], tz: string): Schedule | undefined {
  let days: ReadonlySet<number>;
  try {
    const parsed = CronExpressionParser.parse(fields.join(' '), { tz });
    days = new Set(parsed.fields.dayOfWeek.values.map((day) => Number(day) % 7));
  } catch {
    return undefined;
  }
  // NCRONTAB wants the day of the month and the day of the week both to match; cron-parser wants one of them.
  const both = fields[3] !== '*' && fields[5] !== '*';
  const cron = both ? [...fields.slice(0, 5), '*'].join(' ') : fields.join(' ');
  const next = (time: Date): Date => {
    let candidate = CronExpressionParser.parse(cron, { tz, currentDate: time }).next();
    while (both && !days.has(candidate.getDay())) {
      const restOfDay =
        ((23 - candidate.getHours()) * 60 + (59 - candidate.getMinutes())) * 60 + (59 - candidate.getSeconds());
      const endOfDay = new Date(candidate.getTime() + restOfDay * 1000);
      candidate = CronExpressionParser.parse(cron, { tz, currentDate: endOfDay }).next();
    }
    return candidate.toDate();
  };
  const probe = next(new Date(0));
  return { expression, isSubMinute: next(probe).getTime() - probe.getTime() < 60_000, next };
}
