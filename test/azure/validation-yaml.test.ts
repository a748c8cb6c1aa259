import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { describeValidation } from '../../src/lib/azure/validation-description.ts';
import { renderSandbox, type SandboxedEntry, stepId } from '../../src/lib/azure/validation-yaml.ts';
import type { ValidationEntry } from '../../src/lib/catalog/model.ts';
import { parseTag } from '../../src/lib/image/names.ts';

const limits = { memory: '512m', cpus: 1, pidsLimit: 256, timeoutSeconds: 60 };
const digest = `sha256:${'ab'.repeat(32)}`;
const candidate = `contoso.azurecr.io/staging/node@${digest}`;
const images = { candidate, tools: 'contoso.azurecr.io/tools/docker-cli:28' };

function run(...command: string[]): SandboxedEntry {
  return { kind: 'run', command, ...limits };
}

function script(content: string, shell = 'sh'): SandboxedEntry {
  return { kind: 'script', path: 'validations/x.sh', content, shell, ...limits };
}

interface TaskFile {
  version: string;
  steps: { id: string; cmd: string; entryPoint: string; timeout: number }[];
}

function stepOf(entry: SandboxedEntry) {
  const [step, ...more] = (parse(renderSandbox(entry, images)) as TaskFile).steps;
  if (step === undefined || more.length > 0) throw new Error('expected one step');
  return step;
}

/** As the agent does it: the words after the shell has read the command. */
function wordsOf(entry: SandboxedEntry): string[] {
  const printed = execFileSync('/bin/sh', ['-c', `printf '%s\\0' ${stepOf(entry).cmd}`]);
  return printed.toString('utf8').split('\0').slice(0, -1);
}

describe('the task of a sandboxed validation', () => {
  it('is one trusted step that starts the candidate, by digest, with nothing to reach', () => {
    const words = wordsOf(run('node', '-e', 'process.exit(1)'));
    const at = words.indexOf(candidate);
    expect(words[0]).toBe(images.tools);
    expect(words.slice(1, at)).toEqual([
      ...['run', '--rm', '--network', 'none', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'],
      ...['--pids-limit', '256', '--memory', '512m', '--memory-swap', '512m', '--cpus', '1'],
      ...['--entrypoint', 'node'],
    ]);
    expect(words.slice(at + 1)).toEqual(['-e', 'process.exit(1)']);
  });

  it('has an id that verdicts look for, and its own timeout', () => {
    expect(stepOf(run('true'))).toMatchObject({ id: stepId, timeout: 60, entryPoint: 'docker' });
  });

  it('carries a script as an argument, never as a path', () => {
    const content = 'set -e\necho "it\'s $HOME {{.Run.ID}}"\n';
    const words = wordsOf(script(content, 'bash'));
    expect(words).toContain('bash');
    const argument = words.at(-1) ?? '';
    const decoded = execFileSync('/bin/sh', ['-c', argument.replace(/^eval /, 'printf %s ')]);
    expect(decoded.toString('utf8')).toBe(content.trimEnd());
    expect(words.some((word) => word.includes('volume') || word.includes('mount'))).toBe(false);
  });
});

const hostile = [
  '; touch /tmp/owned',
  '$(touch /tmp/owned)',
  '`touch /tmp/owned`',
  "'; touch /tmp/owned; '",
  '" && touch /tmp/owned "',
  '| cat /root/.docker/config.json',
  '$Registry',
  '$HOME $$ $(HOME)',
  '{{.Run.ID}} {{ .Values.IMAGE }} }}',
  '--privileged',
  '-v/:/host',
  'a\nb\tc',
  '\r\n- cmd: evil',
  'ümlaut ☃ 💥',
  '\\',
  '\\x41',
  '"',
  "''",
  '',
  '# no comment',
  'a: b',
  '&anchor *alias !tag',
  '~',
];

describe('a command that tries to be more', () => {
  it.each(hostile)('arrives as the argument that it is: %j', (word) => {
    const words = wordsOf(run('node', '-e', word, 'end'));
    expect(words.slice(words.indexOf(candidate) + 1)).toEqual(['-e', word, 'end']);
  });

  it.each(hostile)('shows nothing to what reads the raw text first: %j', (word) => {
    const text = renderSandbox(run('node', word), images);
    expect(text).not.toContain('$');
    expect(text).not.toContain('{{');
    expect((parse(text) as TaskFile).steps.length).toBe(1);
  });

  it('cannot smuggle flags in by the name of a program', () => {
    const words = wordsOf(run('--privileged', 'x'));
    expect(words[words.indexOf('--privileged') - 1]).toBe('--entrypoint');
  });

  it.each([
    'contoso.azurecr.io/staging/node:latest; rm -rf /',
    'contoso.azurecr.io/staging/node@sha256:abc',
    '--privileged',
    'node',
    '$Registry/node:1',
  ])('is not started from %j', (image) => {
    expect(() => renderSandbox(run('true'), { ...images, candidate: image })).toThrow(/not an image/);
    expect(() => renderSandbox(run('true'), { ...images, tools: image })).toThrow(/not an image/);
  });
});

describe('what a validation is named by', () => {
  const tag = parseTag('9-alpine');
  const other = parseTag('10');
  const name = (entry: ValidationEntry, of = tag) => describeValidation(entry, of);
  const steps = (content: string): ValidationEntry => ({ kind: 'steps', path: 'x.yaml', content, timeoutSeconds: 60 });

  it('is the same for all tags that do not show in it', () => {
    expect(name(run('true'), other)).toBe(name(run('true')));
    expect(name(steps('steps: [cmd: "{{.Values.IMAGE}}"]'), other)).toBe(
      name(steps('steps: [cmd: "{{.Values.IMAGE}}"]')),
    );
  });

  it.each(['{{.Values.TAG}}', '{{ .Values.TAG | upper }}', '{{ index .Values "TAG" }}'])(
    'is of one tag where steps use it: %s',
    (use) => {
      expect(name(steps(`steps: [cmd: "${use}"]`), other)).not.toBe(name(steps(`steps: [cmd: "${use}"]`)));
    },
  );

  it('is of one tag where a task may use it', () => {
    const entry: ValidationEntry = { kind: 'task', task: 'scan', timeoutSeconds: 60 };
    expect(name(entry, other)).not.toBe(name(entry));
  });

  it('changes with anything that would be sent', () => {
    const names = [
      run('true'),
      run('true', ''),
      { ...run('true'), memory: '1g' },
      { ...run('true'), timeoutSeconds: 61 },
      script('true'),
      script('true', 'bash'),
      steps('a'),
      steps('b'),
    ].map((entry) => name(entry as ValidationEntry));
    expect(new Set(names).size).toBe(names.length);
  });

  it('does not change with where a script lies', () => {
    expect(name({ ...script('true'), path: 'validations/y.sh' } as ValidationEntry)).toBe(name(script('true')));
  });
});
