import type { SandboxLimits, ValidationEntry } from '../catalog/model.ts';

export type SandboxedEntry = Extract<ValidationEntry, { kind: 'run' | 'script' }>;

/** Our step's id in a task run's log. */
export const stepId = 'sluice-validation';

export interface SandboxImages {
  /** Of the trusted step: it holds a docker CLI. */
  readonly tools: string;
  /** The candidate, by digest. */
  readonly candidate: string;
}

const imagePattern = /^[a-zA-Z0-9][a-zA-Z0-9.-]*(?::\d+)?\/[a-z0-9._/-]+(?:@sha256:[a-f0-9]{64}|:[\w][\w.-]{0,127})$/;

/**
 * The task that runs a candidate without network, capabilities or credentials. The agent gives every step its Docker
 * socket and the registry's login, so that the candidate is never a step: the one step is ours, and starts it.
 */
export function renderSandbox(entry: SandboxedEntry, images: SandboxImages): string {
  const words = [requireImage(images.tools), 'run', ...sandboxFlags(entry), ...containerWords(entry, images.candidate)];
  return [
    'version: v1.1.0',
    'steps:',
    `  - id: ${stepId}`,
    '    entryPoint: docker',
    `    cmd: ${quoteYaml(words.map(quoteShell).join(' '))}`,
    `    timeout: ${entry.timeoutSeconds}`,
    '',
  ].join('\n');
}

function sandboxFlags({ memory, cpus, pidsLimit }: SandboxLimits): string[] {
  return [
    ['--rm'],
    ['--network', 'none'],
    ['--cap-drop', 'ALL'],
    ['--security-opt', 'no-new-privileges'],
    ['--pids-limit', String(pidsLimit)],
    ['--memory', memory],
    // The same bound for memory and swap together: no swap.
    ['--memory-swap', memory],
    ['--cpus', String(cpus)],
  ].flat();
}

/** The image's own entry point is not asked: what is tested is what the catalog says, whatever the image starts with. */
function containerWords(entry: SandboxedEntry, candidate: string): string[] {
  const image = requireImage(candidate);
  if (entry.kind === 'run') {
    const [program, ...args] = entry.command;
    if (program === undefined) throw new Error('A validation of kind run names no command.');
    return ['--entrypoint', program, image, ...args];
  }
  // As an argument: a file would have to be mounted, and a mount names a path of the agent's own disk.
  const script = Buffer.from(entry.content, 'utf8').toString('base64');
  return ['--entrypoint', entry.shell, image, '-c', `eval "$(echo ${script} | base64 -d)"`];
}

function requireImage(image: string): string {
  if (imagePattern.test(image)) return image;
  throw new Error(`${JSON.stringify(image)} is not an image with a registry and a digest or tag.`);
}

/*
 * A `cmd` goes through four readers: Go's templates ({{…}}) and ACR's aliases ($Name) work on the file's raw text, then
 * YAML, then /bin/sh -c on the agent. Words are quoted for the shell; what the first two look for is written as a YAML
 * escape, so that neither ever sees it.
 */
function quoteShell(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function quoteYaml(text: string): string {
  let quoted = '';
  for (const character of text) quoted += escapeYaml(character);
  return `"${quoted}"`;
}

function escapeYaml(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code === 0) throw new Error('A validation holds a NUL character, which no command line can carry.');
  if (/[\w !#%&'()*+,\-./:;<=>?@[\]^`|~]/.test(character)) return character;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`;
}
