import type { Path } from './document.ts';
import { parseDuration } from './duration.ts';
import type { SandboxLimits, ValidationEntry } from './model.ts';
import type { Report } from './resolve-registries.ts';
import { defaultTimeout, type ValidationInput } from './schema.ts';

/** What keeps a candidate from taking the agent down with it. Images that need more say so. */
export const defaultLimits: SandboxLimits = { memory: '512m', cpus: 1, pidsLimit: 256 };

/**
 * A script travels inside the task, base64, as one argument of `docker run`: Linux takes 128 KiB for one argument
 * (MAX_ARG_STRLEN), and base64 makes four bytes of three.
 */
export const longestScript = 90 * 1024;

export type ReadFile = (path: string) => string | undefined;

/** Undefined where the entry's file cannot be used; that has been reported then. */
export function resolveValidation(
  entry: ValidationInput,
  path: Path,
  readFile: ReadFile,
  report: Report,
): ValidationEntry | undefined {
  if ('run' in entry) {
    return { kind: 'run', command: entry.run, timeoutSeconds: seconds(entry, 'run'), ...limitsOf(entry) };
  }
  if ('task' in entry) return { kind: 'task', task: entry.task, timeoutSeconds: seconds(entry, 'task') };
  if ('steps' in entry) {
    const content = fileContent(entry.steps, [...path, 'steps'], readFile, report);
    if (content === undefined) return undefined;
    return { kind: 'steps', path: entry.steps, content, timeoutSeconds: seconds(entry, 'steps') };
  }
  const content = fileContent(entry.script, [...path, 'script'], readFile, report);
  if (content === undefined) return undefined;
  return {
    kind: 'script',
    path: entry.script,
    content,
    shell: entry.shell ?? 'sh',
    timeoutSeconds: seconds(entry, 'script'),
    ...limitsOf(entry),
  };
}

function seconds(entry: { timeout?: string | undefined }, kind: keyof typeof defaultTimeout): number {
  const milliseconds = parseDuration(entry.timeout ?? defaultTimeout[kind]) ?? 0;
  return Math.ceil(milliseconds / 1000);
}

function limitsOf(entry: Partial<{ [Key in keyof SandboxLimits]: SandboxLimits[Key] | undefined }>): SandboxLimits {
  return {
    memory: entry.memory ?? defaultLimits.memory,
    cpus: entry.cpus ?? defaultLimits.cpus,
    pidsLimit: entry.pidsLimit ?? defaultLimits.pidsLimit,
  };
}

function fileContent(file: string, path: Path, readFile: ReadFile, report: Report): string | undefined {
  const content = readFile(file);
  if (content === undefined) {
    report(path, { message: `There is no file ${file} beside the catalog.`, expected: 'a file that exists' });
    return undefined;
  }
  if (content.trim() === '') {
    report(path, { message: `${file} is empty, so it would pass everything.`, expected: 'a file with a test in it' });
    return undefined;
  }
  if (new TextEncoder().encode(content).length > longestScript) {
    report(path, {
      message: `${file} is too long to travel inside a task.`,
      expected: `at most ${longestScript} bytes`,
    });
    return undefined;
  }
  return content;
}
