import { colors as pc } from '../colors.ts';
import type { LogLevel } from './core-types.ts';

const severity: Readonly<Record<LogLevel, number>> = {
  trace: 0,
  debug: 1,
  information: 2,
  warning: 3,
  error: 4,
  critical: 5,
  none: 6,
};

export type Log = (category: string, level: LogLevel, message: string) => void;

export interface LoggerOptions {
  /** Category prefix (lower case) to lowest level shown; the longest prefix decides, then `default`, then Information. */
  readonly levels: Readonly<Record<string, LogLevel>>;
  readonly verbose: boolean;
  readonly write: (line: string) => void;
  readonly now: () => Date;
}

/** One line a message: `[time] message`. Colour only tells warnings and errors apart on a terminal. */
export function createLogger(options: LoggerOptions): Log {
  const rules = Object.entries(options.levels).sort(([a], [b]) => b.length - a.length);
  const lowest = (category: string): LogLevel => {
    if (options.verbose) return 'trace';
    const name = category.toLowerCase();
    const rule = rules.find(([prefix]) => name === prefix || name.startsWith(`${prefix}.`));
    return rule?.[1] ?? options.levels.default ?? 'information';
  };
  return (category, level, message) => {
    if (level === 'none' || severity[level] < severity[lowest(category)]) return;
    options.write(`[${options.now().toISOString()}] ${paint(level, message)}`);
  };
}

function paint(level: LogLevel, message: string): string {
  if (severity[level] >= severity.error) return pc.red(message);
  return level === 'warning' ? pc.yellow(message) : message;
}
