import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Sluice, startSluice, tickNow } from './sluice.ts';

const wait = { timeout: 50_000, interval: 100 };

const target = 'base-images/node:9-alpine';
const upstream = 'public/node:9-alpine';
const colour = (name: string) => ({ kind: 'node', env: { BACKGROUND_COLOR: name } }) as const;

let sluice: Sluice;
beforeAll(async () => {
  sluice = await startSluice();
  await sluice.push('tools/docker-cli:latest', { kind: 'docker-cli' });
});
afterAll(() => sluice?.close());

const tagIs = (digest: string) => vi.waitFor(async () => expect(await sluice.digestOf(target)).toBe(digest), wait);

/** The run of that digest, once it has ended. */
const endOf = (digest: string) =>
  vi.waitFor(async () => {
    const { body } = await sluice.call('GET', 'runs?image=node&tag=9-alpine&state=ended');
    const run = body.runs.find((each: { digest: string }) => each.digest === digest);
    expect(run).toBeDefined();
    return run;
  }, wait);

describe('an image goes its way', () => {
  test('from a push upstream to the target, by its event alone', async () => {
    const green = await sluice.push(upstream, colour('green'));
    await tagIs(green);
    expect(await endOf(green)).toMatchObject({ outcome: 'promoted', requestedBy: 'sluice' });
    expect(await sluice.digestOf('staging/node:9-alpine')).toBe(green);
  });

  test('and stops at the gate when it fails its validation', async () => {
    const before = await sluice.digestOf(target);
    const red = await sluice.push(upstream, colour('red'));
    const { id, outcome } = await endOf(red);
    expect(outcome).toBe('rejected');
    expect(await sluice.digestOf(target)).toBe(before);
    const { body } = await sluice.call('GET', `runs/${id}`);
    expect(body.timeline.map(({ to }: { to: string }) => to)).toEqual(['import', 'validate', 'rejected']);
    expect(body.verdicts).toMatchObject([{ state: 'rejected', digest: red }]);
    const log = await fetch(body.verdicts[0].log);
    expect([log.status, (await log.text()).length > 0]).toEqual([200, true]);
  });

  test('and is found by the timer when its event is lost', async () => {
    sluice.azure.events.faults.add({ kind: 'drop' });
    const orange = await sluice.push(upstream, colour('orange'));
    await sluice.azure.events.idle();
    sluice.azure.events.faults.clear();
    await tickNow(sluice, 'watchUpstream');
    await tagIs(orange);
    expect(await endOf(orange)).toMatchObject({ outcome: 'promoted' });
  });

  test('and can be taken back by one request, which blocks what it leaves and holds upstream', async () => {
    const left = await sluice.digestOf(target);
    const answer = await sluice.call('POST', 'images/node/tags/9-alpine/rollback', {
      reason: 'the orange is too bright',
    });
    expect(answer.status).toBe(202);
    expect(answer.headers.get('location')).toBe(`/api/runs/${answer.body.run}`);
    await vi.waitFor(async () => expect(await sluice.digestOf(target)).not.toBe(left), wait);
    const run = await vi.waitFor(async () => {
      const { body } = await sluice.call('GET', `runs/${answer.body.run}`);
      expect(body.outcome).toBe('rolled-back');
      return body;
    }, wait);
    expect(run).toMatchObject({
      kind: 'rollback',
      leaves: left,
      requested: { by: 'key', reason: 'the orange is too bright' },
    });
    const { body } = await sluice.call('GET', 'images');
    expect(body.images[0].tracked[0]).toMatchObject({
      tag: '9-alpine',
      target: { digest: run.digest },
      hold: { by: 'key' },
      blocked: [{ digest: left, by: 'key' }],
    });
  });

  test('with every transition in the log, under the run and the invocation that made it', async () => {
    const { body } = await sluice.call('GET', 'runs?image=node&tag=9-alpine');
    for (const { id } of body.runs) {
      const { body: run } = await sluice.call('GET', `runs/${id}`);
      const logged = sluice.logged('sluice.transition').filter((line) => line.run === id);
      expect(logged.map(({ to }) => to)).toEqual(run.timeline.map(({ to }: { to: string }) => to));
      for (const line of logged) {
        expect(line).toMatchObject({ image: 'node', tag: '9-alpine', digest: run.digest, by: expect.any(String) });
        expect(sluice.lines.join('\n')).toContain(`Id=${line.invocation}`);
      }
      expect(logged.at(-1)).toMatchObject({ outcome: run.outcome });
    }
  });
});

test('each tick tells in one line what it cost', async () => {
  const names = ['watchUpstream', 'sweep', 'drift'];
  for (const name of names) await tickNow(sluice, name);
  await vi.waitFor(() => {
    const ticks = sluice.logged('sluice.tick');
    for (const name of names) {
      const shape = { tags: expect.any(Number), requests: expect.any(Number), durationMs: expect.any(Number) };
      expect(ticks.findLast((tick) => tick.function === name)).toMatchObject({
        ...shape,
        changed: 0,
        postponed: 0,
        unknown: 0,
      });
    }
    expect(ticks.findLast((tick) => tick.function === 'watchUpstream')).toMatchObject({ tags: 1, requests: 1 });
  }, wait);
});

describe('an event that concerns nobody', () => {
  const deliver = async (event: unknown) => {
    const answer = await fetch(sluice.azure.functions.eventGridUrl('onRegistryPush'), {
      method: 'POST',
      headers: { 'aeg-event-type': 'Notification', 'content-type': 'application/json' },
      body: JSON.stringify([event]),
    });
    return answer.status;
  };

  test.each([
    ['nothing of a registry', { eventType: 'Other', data: {} }, 'ignored'],
    ['nothing at all', { nonsense: true }, 'malformed'],
    [
      'a push to a registry nobody configured',
      {
        eventType: 'Microsoft.ContainerRegistry.ImagePushed',
        topic: '/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/evil',
        data: { target: { repository: 'staging/node', tag: '9-alpine' } },
      },
      'ignored',
    ],
  ])('is acknowledged and counted: %s', async (_, event, result) => {
    const before = sluice.logged('sluice.event').filter((line) => line.result === result).length;
    expect(await deliver(event)).toBe(202);
    await vi.waitFor(() =>
      expect(sluice.logged('sluice.event').filter((line) => line.result === result)).toHaveLength(before + 1),
    );
  });
});
