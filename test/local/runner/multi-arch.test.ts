import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunnerFixture, startRunnerFixture } from './fixture.ts';

let fixture: RunnerFixture;
let server: string;
let index: string;

beforeAll(async () => {
  fixture = await startRunnerFixture();
  server = fixture.registry.loginServer;
  const manifests = [];
  for (const architecture of ['amd64', 'arm64']) {
    const reference = `${server}/base/multi:${architecture}`;
    const { digest } = await fixture.make({ kind: 'busybox', reference, env: { FOR: architecture } });
    manifests.push({ architecture, digest });
  }
  index = await putIndex('base/multi', '1', manifests);
});
afterAll(() => fixture.close());

async function putIndex(repository: string, tag: string, manifests: { architecture: string; digest: string }[]) {
  const base = `${fixture.registry.backend}/v2/${repository}/manifests`;
  const mediaType = 'application/vnd.docker.distribution.manifest.v2+json';
  const listType = 'application/vnd.docker.distribution.manifest.list.v2+json';
  const entries = [];
  for (const { architecture, digest } of manifests) {
    const answer = await fetch(`${base}/${digest}`, { headers: { accept: mediaType } });
    const size = (await answer.arrayBuffer()).byteLength;
    entries.push({ mediaType, size, digest, platform: { os: 'linux', architecture } });
  }
  const body = JSON.stringify({ schemaVersion: 2, mediaType: listType, manifests: entries });
  const put = await fetch(`${base}/${tag}`, { method: 'PUT', body, headers: { 'content-type': listType } });
  expect(put.status).toBe(201);
  return `sha256:${createHash('sha256').update(body).digest('hex')}`;
}

test('runs the image of the run’s own platform, by the digest of the whole index', async () => {
  const content = `version: v1.1.0\nsteps:\n  - cmd: docker run $Registry/base/multi@${index} sh -c 'echo for $FOR'\n`;
  expect((await fixture.yaml(content)).log.text).toContain('\nfor amd64\n');
  const platform = { os: 'Linux', architecture: 'arm64' };
  expect((await fixture.yaml(content, { platform })).log.text).toContain('\nfor arm64\n');
});

test('records the digest of the index that an image was built on', async () => {
  const context = join(fixture.stateDir, 'multi');
  await mkdir(context);
  await writeFile(join(context, 'Dockerfile'), `FROM ${server}/base/multi:1\nRUN echo built for $FOR\n`);
  const content = 'version: v1.1.0\nsteps:\n  - build: -t $Registry/on-multi:1 .\n  - push: ["$Registry/on-multi:1"]\n';
  const { log, baseImageDependencies } = await fixture.yaml(content, { context });
  expect(log.text).toContain('\nbuilt for amd64\n');
  expect(baseImageDependencies).toMatchObject([{ type: 'Runtime', repository: 'base/multi', tag: '1', digest: index }]);
});
