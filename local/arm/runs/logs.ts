import { setTimeout as delay } from 'node:timers/promises';
import {
  type AppendBlobClient,
  BlobSASPermissions,
  BlobServiceClient,
  SASProtocol,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import type { LogSink } from '../../contracts.ts';
import type { Clock } from '../clock.ts';
import type { RunRecord } from './store.ts';

/** The storage account that logs are kept in. */
export interface LogStorage {
  /** `https://127.0.0.1:PORT/devstoreaccount1`. */
  readonly blob: string;
  readonly accountName: string;
  readonly accountKey: string;
}

export interface RunLog extends LogSink {
  /** The last characters written so far. */
  tail(): string;
}

export interface RunLogs {
  /** The run's append blob, made at the first call unless it is there already. */
  open(run: RunRecord): RunLog;
  /** A URL that anybody can read the log by, for about 70 minutes. */
  link(run: RunRecord): Promise<string>;
  read(run: RunRecord): Promise<string>;
  /** Waits for blobs that are being made. */
  close(): Promise<void>;
}

const container = 'runlogs';
const linkMinutes = 70;
const maximumBlock = 4 * 1024 * 1024;
/** An append blob has at most 50,000 blocks: what is written within this time goes into one. */
const gatherMs = 50;
const tailCharacters = 400;

interface Entry {
  readonly blob: AppendBlobClient;
  readonly created: Promise<unknown>;
  readonly log: RunLog;
}

export function createRunLogs(storage: LogStorage, ca: string, clock: Clock): RunLogs {
  const service = new BlobServiceClient(
    storage.blob,
    new StorageSharedKeyCredential(storage.accountName, storage.accountKey),
    { tlsOptions: { ca } } as object,
  );
  const folder = service.getContainerClient(container);
  let made: Promise<unknown> | undefined;
  const entries = new Map<string, Entry>();

  function entryOf(run: RunRecord): Entry {
    const key = `${run.registry}/${run.runId}`;
    const present = entries.get(key);
    if (present) return present;
    made ??= folder.createIfNotExists();
    const blob = folder.getAppendBlobClient(run.logName);
    const created = made.then(() =>
      blob.createIfNotExists({ blobHTTPHeaders: { blobContentType: 'text/plain; charset=utf-8' } }),
    );
    // Whoever needs the blob sees the error; until then it must not count as unhandled.
    created.catch(() => undefined);
    const entry = { blob, created, log: createLog(blob, created) };
    entries.set(key, entry);
    return entry;
  }

  return {
    open: (run) => entryOf(run).log,
    async link(run) {
      const { blob, created } = entryOf(run);
      await created;
      const now = clock.now().getTime();
      return blob.generateSasUrl({
        permissions: BlobSASPermissions.parse('r'),
        protocol: SASProtocol.Https,
        startsOn: new Date(now - 10 * 60_000),
        expiresOn: new Date(now + linkMinutes * 60_000),
      });
    },
    async read(run) {
      const { blob, created } = entryOf(run);
      await created;
      return (await blob.downloadToBuffer()).toString('utf8');
    },
    async close() {
      await Promise.allSettled([...entries.values()].map(({ created }) => created));
    },
  };
}

/** Writes in order, one block at a time; a storage that fails costs the log, never the run. */
function createLog(blob: AppendBlobClient, created: Promise<unknown>): RunLog {
  let pending = '';
  let tail = '';
  let flushing: Promise<void> | undefined;
  let ended: Promise<void> | undefined;
  let ending = false;

  async function flush(): Promise<void> {
    await created;
    while (pending !== '') {
      if (!ending) await delay(gatherMs);
      const bytes = Buffer.from(pending, 'utf8');
      pending = '';
      for (let at = 0; at < bytes.length; at += maximumBlock) {
        const block = bytes.subarray(at, at + maximumBlock);
        await blob.appendBlock(block, block.length);
      }
    }
  }

  function start(): Promise<void> {
    flushing ??= flush()
      .catch((error: unknown) => console.error(`ARM endpoint: writing the log ${blob.name} failed`, error))
      .finally(() => {
        flushing = undefined;
        if (pending !== '') void start();
      });
    return flushing;
  }

  async function finish(): Promise<void> {
    ending = true;
    await flushing;
    await start();
    await blob.setMetadata({ complete: 'successful' });
  }

  return {
    write(text) {
      if (ended || text === '') return;
      pending += text;
      tail = (tail + text).slice(-tailCharacters);
      void start();
    },
    end() {
      ended ??= finish().catch((error: unknown) =>
        console.error(`ARM endpoint: ending the log ${blob.name} failed`, error),
      );
      return ended;
    },
    tail: () => tail,
  };
}
