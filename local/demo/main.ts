import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { colors } from '../colors.ts';
import type { Closeable } from '../contracts.ts';
import { tellAddresses, tellRuns } from './ending.ts';
import { openStage } from './opening.ts';
import { playStory } from './story.ts';
import { openTerminal, seconds } from './terminal.ts';

const flags = new Command('npm run demo --')
  .description('Tells the story of a base image with real registries, builds and tests, while it happens.')
  .option('--exit', 'end with the story; exit code 0 only when every step came true', false)
  .option('--upstream <image>', 'begin with this image instead of one made here: docker.io/library/node:22-alpine')
  .addHelpText(
    'after',
    '\nIt needs root, for builds and containers. Colours: only on a terminal; NO_COLOR turns them off.',
  )
  .parse()
  .opts<{ exit: boolean; upstream?: string }>();

const logFile = fileURLToPath(new URL('../../.local/demo.log', import.meta.url));

async function main(): Promise<boolean> {
  const begun = performance.now();
  const terminal = openTerminal(process.stdout);
  const open: Closeable[] = [];
  const interrupted = new Promise<'interrupted'>((resolve) => onSignal(() => resolve('interrupted')));
  await mkdir(join(logFile, '..'), { recursive: true });
  const log = createWriteStream(logFile);
  const tell = async (): Promise<boolean> => {
    const stage = await openStage(terminal, {
      ...(flags.upstream === undefined ? {} : { upstream: flags.upstream }),
      onLine: (line) => void log.write(`${line}\n`),
      opened: (part) => void open.push(part),
    });
    const isTrue = await playStory(stage);
    await tellRuns(stage);
    terminal.line();
    const took = seconds(performance.now() - begun);
    if (isTrue) terminal.line(colors.green(`    Every step came true. ${took}`));
    else terminal.line(colors.red(`    The story ended early. What Sluice logged is in ${logFile}.`));
    if (!flags.exit) tellAddresses(stage);
    return isTrue;
  };
  try {
    const ended = await Promise.race([tell(), interrupted]);
    if (ended === 'interrupted') return false;
    if (flags.exit) return ended;
    terminal.line();
    terminal.line(`    It all stays up until ${colors.bold('Ctrl-C')}.`);
    await interrupted;
    return ended;
  } finally {
    for (const part of open.reverse()) await part.close();
    log.end();
  }
}

/** The first signal ends in order, a second one at once: children go with us. */
function onSignal(first: () => void): void {
  let asked = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (asked) process.exit(1);
      asked = true;
      first();
      setTimeout(() => process.exit(1), 15_000).unref();
    });
  }
}

main().then(
  (isTrue) => process.exit(isTrue ? 0 : 1),
  (cause: unknown) => {
    console.error(cause instanceof Error ? (cause.stack ?? cause.message) : String(cause));
    process.exit(1);
  },
);
