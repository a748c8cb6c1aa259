/**
 * What one clean update costs: requests to storage and ARM, counted on the wire, at the periods that Sluice is deployed
 * with. Upstream's import takes longer than is awaited at once, so that there are three waits: import, validation, build.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RegistryNotification } from '../local/contracts.ts';
import type { Finding } from './lib/report.ts';
import { isIdle, tell } from './lib/tell.ts';
import type { Exchange } from './lib/wire.ts';
import { createDependent, openWorld, type Sluice, until, type World } from './lib/world.ts';

const upstream = 'public/shell';
const target = 'base-images/shell';

interface Cost {
  readonly tables: number;
  readonly queue: number;
  readonly writes: number;
  readonly reads: number;
}

export async function benchCost(explain: boolean): Promise<Finding> {
  const world = await openWorld();
  try {
    await world.push('docker-cli', 'tools/docker-cli:latest');
    await world.push('busybox', `${upstream}:1`, { RELEASE: '0' });
    const sluice = await world.start({
      images: {
        shell: {
          upstream: `buffer/${upstream}`,
          tags: ['1'],
          validate: [{ run: ['sh', '-c', 'test "$RELEASE" != bad'] }],
          dependents: { discover: true },
        },
      },
      settings: { SLUICE_PERIOD_POLL: '10' },
      watched: 'everything',
      events: true,
    });
    try {
      return await measure(world, sluice, explain);
    } finally {
      await sluice.close();
    }
  } finally {
    await world.close();
  }
}

async function measure(world: World, sluice: Sluice, explain: boolean): Promise<Finding> {
  await sluice.tick('watchUpstream');
  await ended(world, sluice, 1);
  await createDependent(world, 'hello-world', `${target}:1`, true);
  let last: RegistryNotification | undefined;
  world.azure.registry('contosobaseimages').onNotification((notification) => {
    if (notification.target.repository === upstream && notification.target.tag === '1') last = notification;
  });
  const update = async (release: number) => {
    world.azure.arm.imports.addRule({ matches: ({ targets }) => isStaging(targets), times: 1, durationMs: 5000 });
    clear(world);
    await world.push('busybox', `${upstream}:1`, { RELEASE: String(release) });
    await ended(world, sluice, release + 1);
    if (explain) tell(world.wires);
    return costOf(world);
  };
  const started = await update(1);
  await setTrigger(world, 'hello-world', 'Disabled');
  const kicked = await update(2);
  clear(world);
  if (!last) throw new Error('No push was heard of.');
  await deliver(sluice, world, last);
  await quiet(world);
  if (explain) tell(world.wires);
  const duplicate = costOf(world);
  const row = (what: string, { tables, queue, writes, reads }: Cost, aim: string) => [
    what,
    String(tables + queue),
    String(tables),
    String(queue),
    String(writes),
    String(reads),
    aim,
  ];
  return {
    name: 'cost',
    header: ['', 'storage', 'tables', 'queue', 'ARM writes', 'ARM reads', 'aim: storage, ARM writes, reads'],
    rows: [
      row('an update; ACR starts its dependent', started, '< 47, 3'),
      row('an update; Sluice starts its dependent', kicked, '< 47, 4'),
      row('its push event once more', duplicate, '≤ 4, 0, 0'),
    ],
    note: 'Storage: transactions as they are billed, a batch is one; polls of the empty queue are left out.',
  };
}

const isStaging = (targets: readonly string[]) => targets.some((name) => name.startsWith('staging/'));

/** The run of number `count` has ended, and what it caused is quiet. */
async function ended(world: World, sluice: Sluice, count: number): Promise<void> {
  const ends = () => sluice.logged('sluice.transition').filter(({ outcome }) => outcome !== undefined);
  await until(`the end of run ${count}`, () => ends().length >= count, 300_000);
  const outcome = ends().at(-1)?.outcome;
  if (outcome !== 'promoted') throw new Error(`The run ended ${outcome}: ${JSON.stringify(ends().at(-1))}.`);
  await quiet(world);
}

/** For three seconds nothing but polls of the empty queue. */
async function quiet(world: World): Promise<void> {
  for (;;) {
    const before = total(costOf(world));
    await sleep(3000);
    if (total(costOf(world)) === before) return;
  }
}

const total = ({ tables, queue, writes, reads }: Cost) => tables + queue + writes + reads;

function clear({ wires }: World): void {
  for (const wire of Object.values(wires)) wire.clear();
}

const isWrite = ({ method, path }: Exchange) => method !== 'GET' && !/listLogSasUrl/i.test(path);

function costOf({ wires: { tables, queue, arm } }: World): Cost {
  const writes = arm.exchanges.filter(isWrite).length;
  return {
    tables: tables.exchanges.length,
    queue: queue.exchanges.filter((one) => !isIdle(one)).length,
    writes,
    reads: arm.exchanges.length - writes,
  };
}

async function setTrigger({ arm, azure }: World, task: string, status: 'Enabled' | 'Disabled'): Promise<void> {
  await arm.tasks.beginUpdateAndWait(azure.scope.resourceGroup, 'contosodev', task, {
    trigger: { baseImageTrigger: { name: 'base', status } },
  });
}

/** As Event Grid delivers, where it has not heard the first answer. */
async function deliver({ host }: Sluice, world: World, { target: pushed, timestamp }: RegistryNotification) {
  const { resourceId } = world.azure.registry('contosobaseimages');
  const event = {
    id: randomUUID(),
    topic: resourceId,
    subject: `${pushed.repository}:${pushed.tag}`,
    eventType: 'Microsoft.ContainerRegistry.ImagePushed',
    eventTime: timestamp,
    dataVersion: '2.0',
    metadataVersion: '1',
    data: { id: randomUUID(), timestamp, action: 'push', target: pushed },
  };
  const answer = await fetch(host.eventGridUrl('onRegistryPush'), {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'aeg-event-type': 'Notification' },
    body: JSON.stringify([event]),
  });
  if (!answer.ok) throw new Error(`The event was answered ${answer.status}: ${await answer.text()}`);
}
