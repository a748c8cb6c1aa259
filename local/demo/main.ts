import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import { colors } from '../colors.ts';
import type { Closeable } from '../contracts.ts';
import { awaitInterruption, exit } from '../interruption.ts';
import { tellAddresses, tellRuns } from './ending.ts';
import { OpeningFailed, openStage } from './opening.ts';
import type { Stage } from './stage.ts';
import { playStory } from './story.ts';
import { openTerminal, type Terminal } from './terminal.ts';
import { seconds } from './text.ts';
import { writtenTag } from './upstream.ts';

const flags = new Command('npm run demo --')
  .description('Tells the story of a base image with real registries, builds and tests, while it happens.')
  .option('--exit', 'end with the story; exit code 0 only when every step came true', false)
  .option('--upstream <image>', 'begin with this image: docker.io/library/node:22-alpine', parseUpstream)
  .addHelpText(
    'after',
    '\nIt needs root, for builds and containers. Colours: only on a terminal; NO_COLOR turns them off.',
  )
  .parse()
  .opts<{ exit: boolean; upstream?: string }>();

const logFile = fileURLToPath(new URL('../../.local/demo.log', import.meta.url));

interface Told {
  readonly isTrue: boolean;
  readonly stage: Stage | undefined;
}

/** The answer is the exit code. */
async function main(): Promise<number> {
  const terminal = openTerminal(process.stdout);
  const { signal, came } = awaitInterruption();
  const open: Closeable[] = [];
  try {
    const telling = tell(terminal, signal, open);
    const first = await Promise.race([telling, came]);
    if ('code' in first) {
      terminal.end('    Interrupted.');
      // What is being opened can be closed only when it is open; all that takes long ends by the signal.
      await telling.catch(() => undefined);
      return first.code;
    }
    if (first.stage && !flags.exit) {
      tellAddresses(first.stage);
      terminal.line();
      terminal.paragraph(`It all stays up until ${colors.bold('Ctrl-C')}.`);
      const { name, code } = await came;
      if (name === 'SIGHUP') return code;
    }
    return first.isTrue ? 0 : 1;
  } finally {
    for (const part of open.reverse()) await part.close();
  }
}

async function tell(terminal: Terminal, signal: AbortSignal, open: Closeable[]): Promise<Told> {
  const begun = performance.now();
  await mkdir(join(logFile, '..'), { recursive: true });
  const log = createWriteStream(logFile);
  // The story goes on where its log cannot be written. It is closed last, with all that the others still say.
  log.on('error', () => undefined);
  open.push({ close: () => new Promise((resolve) => log.end(() => resolve())) });
  const stage = await openStage(terminal, {
    ...(flags.upstream === undefined ? {} : { upstream: flags.upstream }),
    onLine: (line) => void log.write(`${line}\n`),
    opened: (part) => void open.push(part),
    signal,
  }).catch((cause: unknown) => {
    signal.throwIfAborted();
    terminal.note('wrong', cause instanceof OpeningFailed ? cause.label : 'failed', messageOf(cause));
    return undefined;
  });
  const isTrue = stage !== undefined && (await playStory(stage));
  if (stage) await tellRuns(stage);
  terminal.line();
  if (isTrue) terminal.paragraph(`Every step came true. ${seconds(performance.now() - begun)}`, colors.green);
  else terminal.paragraph(`The story ended early. What Sluice logged is in ${logFile}.`, colors.red);
  return { isTrue, stage };
}

function parseUpstream(text: string): string {
  if (writtenTag(text) === undefined)
    throw new InvalidArgumentError('Expected an image with a tag, as docker.io/library/node:22-alpine.');
  return text;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

main().then(exit, (cause: unknown) => {
  console.error(messageOf(cause));
  process.exit(1);
});
