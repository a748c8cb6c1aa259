import type { Catalog } from './model.ts';
import type { Problem } from './problem.ts';

export interface CatalogSource {
  /** How the file is named in problems. */
  readonly file: string;
  readonly text: string;
  /** The text of a file beside the catalog, undefined where there is none. */
  readonly readFile: (path: string) => string | undefined;
  /** The app settings that `${NAME}` is taken from. */
  readonly settings: Readonly<Record<string, string | undefined>>;
}

export type CatalogResult =
  | { readonly ok: true; readonly catalog: Catalog }
  | { readonly ok: false; readonly problems: readonly Problem[] };
