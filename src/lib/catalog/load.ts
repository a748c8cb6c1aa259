import { reportClashes } from './clashes.ts';
import { readDocument, type SourceDocument } from './document.ts';
import { type CatalogDraft, entriesOf, withoutWrong } from './draft.ts';
import type { Catalog, Image, Registry, Tools } from './model.ts';
import type { Problem } from './problem.ts';
import { type ImageSketch, resolveImage } from './resolve-image.ts';
import { type Registries, resolveRegistries } from './resolve-registries.ts';
import type { ReadFile } from './resolve-validation.ts';
import { catalogSchema } from './schema.ts';
import { reportIssues, reportName } from './schema-issues.ts';
import { imageName, registryKey } from './schema-values.ts';
import { applySettings, type Settings } from './settings.ts';

export interface CatalogSource {
  /** How the file is named in problems. */
  readonly file: string;
  readonly text: string;
  /** The text of a file beside the catalog, undefined where there is none. */
  readonly readFile: ReadFile;
  /** The app settings that `${NAME}` is taken from. */
  readonly settings: Settings;
}

export type CatalogResult =
  | {
      readonly ok: true;
      readonly catalog: Catalog;
      /** The registries by the keys they have in the file. */
      readonly registryKeys: ReadonlyMap<string, Registry>;
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const defaultDockerCli = 'tools/docker-cli:latest';

/** Reads the catalog, or says everything that is wrong with it at once. */
export function loadCatalog({ file, text, readFile, settings }: CatalogSource): CatalogResult {
  const document = readDocument(file, text);
  if (document.value === undefined) return { ok: false, problems: document.problems() };

  const draft = checkShape(document, applySettings(document, settings));
  const { report } = document;
  const registries = resolveRegistries(draft, settings, report);
  const context = { registries, defaults: draft.defaults ?? {}, settings, readFile, report };
  const sketches = entriesOf(draft.images).map(([name, image]) => resolveImage(name, image, context));
  if (registries.buffer !== undefined) reportClashes(sketches, registries.buffer, report);

  const problems = document.problems();
  if (problems.length > 0) return { ok: false, problems };
  const images = sketches.map(complete);
  const tools = { dockerCli: draft.tools?.dockerCli ?? defaultDockerCli };
  return { ok: true, catalog: assemble(registries, images, tools), registryKeys: registries.byKey };
}

/** Reports what breaks the schema; what is left is right by itself, and is checked on. */
function checkShape(document: SourceDocument, value: unknown): CatalogDraft {
  const { success, error } = catalogSchema.safeParse(value);
  if (!success) reportIssues(document, value, error.issues);
  const draft = withoutWrong(value, error?.issues ?? []);
  for (const [section, rule] of [['registries', registryKey] as const, ['images', imageName] as const]) {
    for (const name of Object.keys(draft[section] ?? {})) {
      reportName(document, [section, name], rule.safeParse(name).error?.issues ?? []);
    }
  }
  return draft;
}

function assemble(registries: Registries, images: readonly Image[], tools: Tools): Catalog {
  const { buffer, byKey } = registries;
  if (buffer === undefined) throw new Error('A catalog without problems has a buffer.');
  return { buffer, registries: [...byKey.values()], images, tools };
}

function complete(sketch: ImageSketch): Image {
  const { upstream, staging, target, validate, dependents } = sketch;
  if (!upstream || !staging || !target || !validate || !dependents) {
    throw new Error(`The image ${sketch.name} is incomplete, yet nothing was reported.`);
  }
  return { ...sketch, upstream, staging, target, validate, dependents };
}
