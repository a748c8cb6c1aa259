// Azurite's three servers in a process of their own: importing them takes half a second of one core, and their work
// would delay every other part. Plain JavaScript, so that it starts without a compiler. One argument: the settings as
// JSON; the ports go back as a message. It ends when its starter does, after writing what it holds to disk.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(import.meta.url);
const load = (name) => require(`azurite/dist/src/${name}`).default;

/** @type {{folder: string, memory: boolean, cert: string, key: string, ports: {blob: number, queue: number, table: number}}} */
const settings = JSON.parse(process.argv[2] ?? '');
const { folder, memory, cert, key, ports } = settings;

const host = '127.0.0.1';
const keepAliveSeconds = 120;
const oauth = 'basic';
const shared = { loose: false, skipApiVersionCheck: true, password: '', pathStyleOnly: true };
const file = (name) => join(folder, name);
const extents = (id) => [{ locationId: 'Default', locationPath: file(id), maxConcurrency: 10 }];

function blobOrQueue(kind, Configuration, port) {
  return new Configuration(
    host,
    port,
    keepAliveSeconds,
    file(`${kind}.json`),
    file(`${kind}-extents.json`),
    extents(`${kind}-data`),
    false, // access log
    undefined,
    false, // debug log
    undefined,
    shared.loose,
    shared.skipApiVersionCheck,
    cert,
    key,
    shared.password,
    oauth,
    shared.pathStyleOnly,
    memory,
  );
}

function table(Configuration, port) {
  return new Configuration(
    host,
    port,
    keepAliveSeconds,
    file('table.json'),
    false, // debug log
    false, // access log
    undefined,
    undefined,
    shared.loose,
    shared.skipApiVersionCheck,
    cert,
    key,
    shared.password,
    oauth,
    shared.pathStyleOnly,
    memory,
  );
}

const servers = {
  blob: new (load('blob/BlobServer'))(blobOrQueue('blob', load('blob/BlobConfiguration'), ports.blob)),
  queue: new (load('queue/QueueServer'))(blobOrQueue('queue', load('queue/QueueConfiguration'), ports.queue)),
  table: new (load('table/TableServer'))(table(load('table/TableConfiguration'), ports.table)),
};

let closing = false;
async function close() {
  if (closing) return;
  closing = true;
  setTimeout(() => process.exit(1), 3000).unref();
  await Promise.allSettled(Object.values(servers).map((server) => server.close()));
  process.exit(0);
}
process.on('disconnect', close);
process.on('SIGTERM', close);

try {
  await Promise.all(Object.values(servers).map((server) => server.start()));
  process.send?.(
    Object.fromEntries(Object.entries(servers).map(([kind, server]) => [kind, server.httpServer.address().port])),
  );
} catch (cause) {
  console.error(cause instanceof Error ? cause.message : cause);
  process.exit(1);
}
