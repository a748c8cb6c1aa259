import { isRepository, parseRepository, type Repository } from '../image/names.ts';
import { canonicalRegistry, looksLikeRegistryHost, parseReference } from '../image/reference.ts';
import { parseTagPattern, type TagPattern } from '../image/tag-pattern.ts';
import type { Path } from './document.ts';
import type { CatalogDraft, DependentsDraft, ImageDraft } from './draft.ts';
import { parseDuration } from './duration.ts';
import type { DependentsRule, Gate, Image, Upstream, ValidationEntry } from './model.ts';
import { type Registries, type Report, reportUnknownRegistry } from './resolve-registries.ts';
import { type ReadFile, resolveValidation } from './resolve-validation.ts';
import type { GateInput, TagInput, TaskInput, ValidationInput } from './schema.ts';
import { taskName } from './schema-values.ts';
import { credentialSettings, type Settings } from './settings.ts';
import { parseWindow } from './window.ts';

export interface ImageContext {
  readonly registries: Registries;
  readonly defaults: NonNullable<CatalogDraft['defaults']>;
  readonly settings: Settings;
  readonly readFile: ReadFile;
  readonly report: Report;
}

/** An image with gaps where something is wrong; each gap has been reported. */
export interface ImageSketch extends Pick<Image, 'name' | 'tags' | 'gate'> {
  readonly upstream: Upstream | undefined;
  readonly staging: Repository | undefined;
  readonly target: Repository | undefined;
  readonly validate: readonly ValidationEntry[] | undefined;
  readonly dependents: DependentsRule | undefined;
}

/** What the defaults say is reported at the defaults, once, however many images take it. */
export function resolveImage(name: string, draft: ImageDraft, context: ImageContext): ImageSketch {
  const path = ['images', name];
  const { defaults } = context;
  return {
    name,
    upstream: resolveUpstream(draft.upstream, [...path, 'upstream'], context),
    tags: resolveTags(draft.tags ?? [], [...path, 'tags'], context.report),
    staging: repositoryOf(draft, 'staging', `staging/${name}`),
    target: repositoryOf(draft, 'target', `base-images/${name}`),
    validate: Object.hasOwn(draft, 'validate')
      ? resolveValidations(draft.validate ?? [], [...path, 'validate'], context)
      : resolveValidations(defaults.validate ?? [], ['defaults', 'validate'], context),
    gate: resolveGate({ ...defaults.gate, ...draft.gate }),
    dependents: resolveDependents(draft.dependents, [...path, 'dependents'], context),
  };
}

/** Its default only where the key is absent, and the image's name can be part of one. */
function repositoryOf(draft: ImageDraft, key: 'staging' | 'target', fallback: string): Repository | undefined {
  const text = Object.hasOwn(draft, key) ? draft[key] : fallback;
  return text !== undefined && isRepository(text) ? text : undefined;
}

function resolveUpstream(input: ImageDraft['upstream'], path: Path, context: ImageContext): Upstream | undefined {
  if (input === undefined) return undefined;
  if (typeof input === 'string') return resolveUpstreamText(input, path, context);
  if ('image' in input) return resolveForeign(input.image, path, context, input.credentials);
  const registry = findRegistry(input.registry, [...path, 'registry'], context);
  return registry && { kind: 'acr', registry, repository: parseRepository(input.repository) };
}

function resolveUpstreamText(text: string, path: Path, context: ImageContext): Upstream | undefined {
  const slash = text.indexOf('/');
  const first = text.slice(0, slash);
  const rest = text.slice(slash + 1);
  const { registries, report } = context;
  if (registries.keys.includes(first) || registries.find(first) !== undefined) {
    const registry = registries.find(first);
    return registry && { kind: 'acr', registry, repository: parseRepository(rest) };
  }
  if (looksLikeRegistryHost(first)) return resolveForeign(text, path, context);
  report(path, {
    message: `${text} does not say which registry it is in: ${first} is neither a host nor the key of a registry.`,
    expected: `docker.io/${text}, or KEY/${text} with KEY one of ${registries.keys.join(', ')}`,
  });
  return undefined;
}

function resolveForeign(image: string, path: Path, context: ImageContext, credentials?: string): Upstream | undefined {
  const { registry: host, repository } = parseReference(image);
  const configured = context.registries.find(canonicalRegistry(host));
  if (configured !== undefined) return { kind: 'acr', registry: configured, repository };
  if (credentials === undefined) return { kind: 'oci', host, repository };
  const names = credentialSettings(credentials);
  const missing = names.filter((name) => !context.settings[name]);
  if (missing.length > 0) {
    context.report([...path, 'credentials'], {
      message: `Not set: ${missing.join(' and ')}.`,
      expected: `the settings ${names.join(' and ')}`,
    });
    return undefined;
  }
  return { kind: 'oci', host, repository, credentials };
}

function findRegistry(name: string, path: Path, { registries, report }: ImageContext) {
  const found = registries.find(name);
  // A key that exists and is not found belongs to a registry that is wrong itself, which has been said.
  if (found === undefined && !registries.keys.includes(name)) {
    reportUnknownRegistry(path, name, registries.keys, report);
  }
  return found;
}

function resolveTags(inputs: readonly (TagInput | undefined)[], path: Path, report: Report): TagPattern[] {
  const seen = new Set<string>();
  return inputs.flatMap((input, index) => {
    if (input === undefined) return [];
    const pattern = resolveTag(input);
    if (seen.has(pattern.text)) {
      report([...path, index], { message: `${pattern.text} is tracked already.`, expected: 'each tag once' });
    }
    seen.add(pattern.text);
    return [pattern];
  });
}

function resolveTag(input: TagInput): TagPattern {
  if (typeof input === 'string') return parseTagPattern(input);
  const limit = input.newest === undefined ? {} : { limit: input.newest };
  if ('glob' in input) return parseTagPattern(input.glob, limit);
  const suffix = input.suffix === undefined ? {} : { suffix: input.suffix };
  return parseTagPattern(`semver:${input.semver}`, { ...limit, ...suffix });
}

function resolveValidations(
  inputs: readonly (ValidationInput | undefined)[],
  path: Path,
  { readFile, report }: ImageContext,
): ValidationEntry[] | undefined {
  const entries = inputs.map((input, index) => input && resolveValidation(input, [...path, index], readFile, report));
  return entries.every((entry) => entry !== undefined) ? entries : undefined;
}

function resolveGate(input: GateInput): Gate {
  const gate = { soak: parseDuration(input.soak ?? '0s') ?? 0, approval: input.approval === 'required' };
  const during = input.promoteDuring ?? 'always';
  return during === 'always' ? gate : { ...gate, promoteDuring: parseWindow(during) };
}

function resolveDependents(own: DependentsDraft | undefined, path: Path, context: ImageContext) {
  const input = { ...context.defaults.dependents, ...own };
  const tasksPath = own?.tasks === undefined ? ['defaults', 'dependents', 'tasks'] : [...path, 'tasks'];
  const tasks = (input.tasks ?? []).map((entry, index) => resolveTask(entry, [...tasksPath, index], context));
  if (!tasks.every((task) => task !== undefined)) return undefined;
  reportSameTasks(tasks, tasksPath, context.report);
  const rule: DependentsRule = {
    discover: input.discover ?? true,
    tasks,
    maxParallel: input.maxParallel ?? 5,
    failureBudget: input.failureBudget ?? 3,
  };
  const grace = input.grace === undefined ? undefined : parseDuration(input.grace);
  return grace === undefined ? rule : { ...rule, graceSeconds: Math.ceil(grace / 1000) };
}

function resolveTask(entry: TaskInput | undefined, path: Path, context: ImageContext) {
  if (entry === undefined) return undefined;
  const isText = typeof entry === 'string';
  const [key = '', task = ''] = isText ? entry.split('/') : [entry.registry, entry.task];
  const registry = findRegistry(key, isText ? path : [...path, 'registry'], context);
  const wrong = taskName.safeParse(task).error?.issues ?? [];
  for (const { message: expected } of wrong) {
    context.report(isText ? path : [...path, 'task'], { message: `${task} cannot be the name of a task.`, expected });
  }
  return registry && wrong.length === 0 ? { registry, task } : undefined;
}

function reportSameTasks(tasks: DependentsRule['tasks'], path: Path, report: Report): void {
  const seen = new Set<string>();
  for (const [index, { registry, task }] of tasks.entries()) {
    const identity = `${registry.name}/${task}`;
    if (seen.has(identity)) report([...path, index], { message: `${identity} is named twice.`, expected: 'each once' });
    seen.add(identity);
  }
}
