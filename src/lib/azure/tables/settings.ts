/** Small things with one row each: how far drift has looked, and holds of whole images. */
import type { TableClient } from '@azure/data-tables';
import type { Cursors, ImageHolds } from '../../pipeline/record.ts';
import { failure, isMissingRow, readRow, readValue, writeValue } from './access.ts';
import type { Tables } from './client.ts';
import type { Layout } from './columns.ts';
import { encodePart } from './key.ts';
import { layouts } from './layouts.ts';

const cursorsPartition = 'cursors';
const holdsPartition = 'holds';

export function tableCursors({ index }: Pick<Tables, 'index'>): Cursors {
  return {
    async get(repository) {
      const { row } = await readRow(index, cursorsPartition, encodePart(repository));
      return row && readValue(index, layouts.cursor, row).at;
    },
    set: (repository, at) => write(index, layouts.cursor, cursorsPartition, repository, { repository, at }),
  };
}

export function tableImageHolds({ index }: Pick<Tables, 'index'>): ImageHolds {
  return {
    async get(image) {
      const { row } = await readRow(index, holdsPartition, encodePart(image));
      if (!row) return undefined;
      const { image: _, ...hold } = readValue(index, layouts.imageHold, row);
      return hold;
    },
    async set(image, hold) {
      if (hold) return write(index, layouts.imageHold, holdsPartition, image, { ...hold, image });
      await index.deleteEntity(holdsPartition, encodePart(image)).catch((cause: unknown) => {
        if (!isMissingRow(cause)) throw failure('remove hold of', image, cause);
      });
    },
  };
}

async function write<T>(table: TableClient, layout: Layout<T>, partition: string, name: string, value: T) {
  await table
    .upsertEntity(writeValue(layout, partition, encodePart(name), value), 'Replace')
    .then(undefined, (cause: unknown) => {
      throw failure('write row', `${table.tableName}/${partition}/${encodePart(name)}`, cause);
    });
}
