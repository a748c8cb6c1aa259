import { readFile, realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { BuildStep, YamlStep } from '../../contracts.ts';
import type { NamedValue, TaskStep } from '../tasks/schema.ts';

/** A run that cannot begin: the words of its error. */
export class Unpreparable extends Error {
  override readonly name = 'Unpreparable';
}

export interface Prepared {
  readonly step: BuildStep | YamlStep;
  readonly context?: string;
}

/** Finds the run's context and reads what of the step lies in files. */
export async function prepare(step: TaskStep): Promise<Prepared> {
  const context = await findContext(step.contextPath);
  const within = context === undefined ? {} : { context };
  switch (step.type) {
    case 'Docker':
      if (context === undefined) throw new Unpreparable('failed to build: the step has no context to build from');
      await inside(context, step.dockerFilePath);
      return { step: buildStep(step), ...within };
    case 'FileTask': {
      if (context === undefined) throw new Unpreparable('failed to run: the step has no context to read its file from');
      const content = await readText(context, step.taskFilePath);
      const defaults = step.valuesFilePath === undefined ? '' : await readText(context, step.valuesFilePath);
      return { step: { kind: 'yaml', content, values: allValues(defaults, step.values) }, ...within };
    }
    case 'EncodedTask':
      return {
        step: {
          kind: 'yaml',
          content: decode(step.encodedTaskContent),
          values: allValues(decode(step.encodedValuesContent ?? ''), step.values),
        },
        ...within,
      };
  }
}

function buildStep(step: Extract<TaskStep, { type: 'Docker' }>): BuildStep {
  return {
    kind: 'docker',
    dockerFilePath: step.dockerFilePath,
    imageNames: step.imageNames ?? [],
    isPushEnabled: step.isPushEnabled,
    noCache: step.noCache,
    ...(step.target === undefined || step.target === '' ? {} : { target: step.target }),
    arguments: (step.arguments ?? []).map(plainValue),
  };
}

/** A directory of this machine is all a local run can build from. */
async function findContext(contextPath: string | undefined): Promise<string | undefined> {
  if (contextPath === undefined || contextPath === '/dev/null') return undefined;
  const path = contextPath.startsWith('file:') ? pathOf(contextPath) : contextPath;
  if (!isAbsolute(path)) {
    const kind = /^(https?:|git@|oci:)|\.git(#|$)/i.test(path) ? 'remote' : 'relative';
    throw new Unpreparable(
      `failed to download source code: the local Azure reads contexts from directories of this machine only, and '${contextPath}' is ${kind}; set contextPath to an absolute path`,
    );
  }
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory()) {
    throw new Unpreparable(`failed to download source code: '${path}' is not a directory of this machine`);
  }
  return realpath(path);
}

function pathOf(url: string): string {
  try {
    return fileURLToPath(url);
  } catch {
    throw new Unpreparable(`failed to download source code: '${url}' is not a file URL of this machine`);
  }
}

/** The real path of a file in the context; links that lead out of it are refused as `..` is. */
async function inside(context: string, file: string): Promise<string> {
  const real = await realpath(resolve(context, file)).catch(() => undefined);
  if (real === undefined) throw new Unpreparable(`failed to read '${file}': the context has no such file`);
  const path = relative(context, real);
  if (path === '..' || path.startsWith('../') || isAbsolute(path)) {
    throw new Unpreparable(`failed to read '${file}': it lies outside the context`);
  }
  return real;
}

async function readText(context: string, file: string): Promise<string> {
  const path = await inside(context, file);
  return readFile(path, 'utf8').catch(() => {
    throw new Unpreparable(`failed to read '${file}': it is not a file`);
  });
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}

/** A values file is a flat YAML mapping; values given by name win over it. */
function allValues(file: string, given: readonly NamedValue[] | undefined): YamlStep['values'] {
  const names = new Set((given ?? []).map(({ name }) => name));
  return [...fileValues(file).filter(({ name }) => !names.has(name)), ...(given ?? []).map(plainValue)];
}

function fileValues(text: string): { name: string; value: string }[] {
  if (text.trim() === '') return [];
  let parsed: unknown;
  try {
    parsed = parse(text);
  } catch (error) {
    throw new Unpreparable(`failed to read the values: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new Unpreparable('failed to read the values: a mapping of names to values is expected');
  }
  return Object.entries(parsed).map(([name, value]) => {
    if (typeof value === 'object' && value !== null) {
      throw new Unpreparable(`failed to read the values: '${name}' is not a single value`);
    }
    return { name, value: value === null ? '' : String(value) };
  });
}

function plainValue({ name, value, isSecret }: NamedValue) {
  return { name, value, ...(isSecret === undefined ? {} : { isSecret }) };
}
