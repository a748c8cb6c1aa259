import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { layersTag } from '../../local/demo/acts.ts';
import { startContainerHost } from '../../local/demo/container.ts';
import { Stage } from '../../local/demo/stage.ts';
import { playStory } from '../../local/demo/story.ts';
import { openTerminal } from '../../local/demo/terminal.ts';
import { openWorld } from '../../local/demo/world.ts';

const main = fileURLToPath(new URL('../../local/demo/main.ts', import.meta.url));
const titles = [
  'A public image comes in, and becomes a base image',
  'A fix upstream reaches hello-world, and nobody lifts a finger',
  'A bad image upstream stops at the gate',
  'The next good one passes',
  'An event gets lost, and the timer makes up for it',
  'An operator asks for a look by HTTP, and then for a new test',
  'Somebody patches the base image by hand',
  'Back to an earlier one, by one request',
];

test('the demo plays all acts to a true end, without colours where there is no terminal', {
  timeout: 240_000,
}, async () => {
  const env = { ...process.env, FORCE_COLOR: undefined, NO_COLOR: undefined };
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', main, '--exit'], { env });
  const lines = stdout.split('\n');
  const headings = lines.flatMap((line) => /^ \d {2}(.+?) {2,}\d+\.\d s$/.exec(line)?.[1] ?? []);
  expect(headings).toEqual(titles);
  expect(stdout).toContain('Every step came true.');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are escape sequences.
  expect(stdout).not.toMatch(/\x1b/);
  expect(lines.filter((line) => line.length > 100)).toEqual([]);
});

test('the picture in the README shows acts as they are called, and leaves room on the first screen', async () => {
  const picture = await readFile(new URL('../../docs/demo.svg', import.meta.url), 'utf8');
  expect(titles.filter((title) => picture.includes(`>${title}<`))).toEqual([titles[1], titles[2]]);
  expect(Number(/ height="(\d+)"/.exec(picture)?.[1])).toBeLessThanOrEqual(450);
});

test('a step that does not come true ends the story, and it is not called true', async () => {
  const world = await openWorld({ catalog: '', settings: {} });
  try {
    const { caFile } = world.azure.certificate;
    const container = await startContainerHost(world.dev, { caFile, stateDir: world.folder });
    const written: string[] = [];
    const terminal = openTerminal({ write: (text) => written.push(text) });
    const subject = {
      image: 'node',
      tag: '1',
      upstream: 'public/node',
      staging: 'staging/node',
      target: 'base-images/node',
    };
    await world.makeImage('busybox', `${subject.upstream}:${layersTag}`);
    // Sluice was never started, so nobody promotes what is pushed.
    expect(await playStory(new Stage(world, terminal, subject, container))).toBe(false);
    const said = written.join('');
    expect(said).toContain('✗ failed');
    expect(said).not.toContain(titles[1]);
    await container.close();
  } finally {
    await world.close();
  }
});
