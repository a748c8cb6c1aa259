import type { ContainerClient } from '@azure/storage-blob';
import * as z from 'zod';
import { hasStatus } from '../queue/client.ts';
import { credentialFor, type StorageConnection } from '../storage-connection.ts';

/** When a timer last ran and is to run next. Times are ISO 8601. */
export interface ScheduleStatus {
  readonly Last: string;
  readonly Next: string;
  readonly LastUpdated: string;
}

export interface ScheduleMonitor {
  read(functionName: string): Promise<ScheduleStatus | undefined>;
  write(functionName: string, status: ScheduleStatus): Promise<void>;
}

const schema = z.object({ Last: z.iso.datetime(), Next: z.iso.datetime(), LastUpdated: z.iso.datetime() });

async function openContainer(connection: StorageConnection): Promise<ContainerClient> {
  const { BlobServiceClient } = await import('@azure/storage-blob');
  const service =
    connection.kind === 'connectionString'
      ? BlobServiceClient.fromConnectionString(connection.value)
      : new BlobServiceClient(connection.url, await credentialFor(connection.clientId));
  const container = service.getContainerClient('azure-webjobs-hosts');
  await container.createIfNotExists();
  return container;
}

/** Blobs where the real host keeps them: `azure-webjobs-hosts/timers/<host>/Host.Functions.<name>/status`. */
export function createBlobMonitor(connection: StorageConnection, hostId: string): ScheduleMonitor {
  let opened: Promise<ContainerClient> | undefined;
  const blob = async (name: string) => {
    opened ??= openContainer(connection);
    opened.catch(() => {
      opened = undefined;
    });
    return (await opened).getBlockBlobClient(`timers/${hostId}/Host.Functions.${name}/status`);
  };
  return {
    read: async (name) => {
      try {
        const parsed = schema.safeParse(JSON.parse((await (await blob(name)).downloadToBuffer()).toString('utf8')));
        return parsed.data;
      } catch (error) {
        // A status that cannot be read is as good as none: the timer begins anew.
        if (hasStatus(error, 404) || error instanceof SyntaxError) return undefined;
        throw error;
      }
    },
    write: async (name, status) => {
      const text = JSON.stringify(status);
      await (await blob(name)).upload(text, Buffer.byteLength(text));
    },
  };
}
