import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod';
import type { Target } from './route.ts';

export const attributesSchema = z.strictObject({
  deleteEnabled: z.boolean(),
  writeEnabled: z.boolean(),
  readEnabled: z.boolean(),
  listEnabled: z.boolean(),
});
export type ChangeableAttributes = z.infer<typeof attributesSchema>;

const open: ChangeableAttributes = { deleteEnabled: true, writeEnabled: true, readEnabled: true, listEnabled: true };

/** What repositories, tags and manifests are locked against, kept in a file of its own. */
export interface Attributes {
  of(target: Target): ChangeableAttributes;
  change(target: Target, changes: Partial<ChangeableAttributes>): Promise<void>;
  /** A tag or manifest that comes again starts unlocked; a repository's goes with all it holds. */
  forget(target: Target): Promise<void>;
  /** Whether the target, or the repository it is in, is locked against that. */
  allows(target: Target, what: keyof ChangeableAttributes): boolean;
}

export async function openAttributes(file: string): Promise<Attributes> {
  const known = new Map<string, ChangeableAttributes>(await load(file));
  let saving: Promise<void> = Promise.resolve();

  function save(): Promise<void> {
    saving = saving.then(async () => {
      await mkdir(dirname(file), { recursive: true });
      await writeFile(`${file}.new`, JSON.stringify(Object.fromEntries(known)));
      await rename(`${file}.new`, file);
    });
    return saving;
  }

  const of = (target: Target) => known.get(key(target)) ?? open;
  return {
    of,
    change: (target, changes) => {
      known.set(key(target), { ...of(target), ...changes });
      return save();
    },
    forget: async (target) => {
      const whole = target.tag === undefined && target.digest === undefined;
      const gone = [...known.keys()].filter((name) =>
        whole ? name.split(/[:@]/)[0] === target.repository : name === key(target),
      );
      for (const name of gone) known.delete(name);
      if (gone.length > 0) await save();
    },
    allows: (target, what) => of({ repository: target.repository })[what] && of(target)[what],
  };
}

/** `name`, `name:tag` or `name@digest`: a repository's name holds neither sign. */
function key({ repository, tag, digest }: Target): string {
  if (tag !== undefined) return `${repository}:${tag}`;
  return digest === undefined ? repository : `${repository}@${digest}`;
}

async function load(file: string): Promise<[string, ChangeableAttributes][]> {
  const text = await readFile(file, 'utf8').catch(() => '{}');
  return Object.entries(z.record(z.string(), attributesSchema).parse(JSON.parse(text)));
}
