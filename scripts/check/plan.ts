import { formatDuration } from '../../src/lib/catalog/duration.ts';
import type { Catalog, Image, Registry, SandboxLimits, ValidationEntry } from '../../src/lib/catalog/model.ts';
import type { TagPattern } from '../../src/lib/image/tag-pattern.ts';

/** What Sluice would do, image by image, in words. */
export function formatPlan(catalog: Catalog): string {
  const images = [...catalog.images.map((image) => formatImage(image, catalog))];
  if (images.length === 0) images.push('No images: Sluice would do nothing.\n');
  return [formatRegistries(catalog), ...images].join('\n');
}

function formatRegistries({ registries, buffer }: Catalog): string {
  const lines = registries.map((registry) => {
    const role = registry === buffer ? 'the buffer; ' : '';
    const kick = registry.kick ? 'Sluice may start tasks' : 'only ACR starts tasks';
    return `  ${registry.name}, ${registry.loginServer}: ${role}${kick}`;
  });
  return `Registries\n${lines.join('\n')}\n`;
}

function formatImage(image: Image, catalog: Catalog): string {
  const { buffer } = catalog;
  return [
    `Image ${image.name}`,
    row('upstream', [upstreamText(image)]),
    row('tags', image.tags.map(tagText)),
    row('staged in', [`${buffer.loginServer}/${image.staging}`]),
    row('validated', validationText(image.validate, catalog)),
    row('promoted', [`to ${buffer.loginServer}/${image.target}`, ...gateText(image)]),
    row('rebuilt', dependentsText(image, catalog.registries)),
    '',
  ].join('\n');
}

const labelWidth = 12;

function row(label: string, lines: readonly string[]): string {
  return lines.map((line, index) => `  ${(index === 0 ? label : '').padEnd(labelWidth)}${line}`).join('\n');
}

function upstreamText({ upstream }: Image): string {
  if (upstream.kind === 'acr') return `${upstream.registry.loginServer}/${upstream.repository}`;
  const login = upstream.credentials === undefined ? 'anonymously' : `as ${upstream.credentials}_USERNAME`;
  return `${upstream.host}/${upstream.repository}, ${login}`;
}

function tagText(tag: TagPattern): string {
  return tag.kind === 'exact' ? tag.text : `${tag.text}: the newest ${tag.limit} that match`;
}

function validationText(entries: readonly ValidationEntry[], { buffer, tools }: Catalog): string[] {
  if (entries.length === 0) return ['by nothing: every digest passes'];
  const lines = entries.map((entry, index) => `${index + 1}. ${entryText(entry, buffer)}`);
  const sandboxed = entries.some(({ kind }) => kind === 'run' || kind === 'script');
  return sandboxed ? [...lines, `(sandbox started by ${buffer.loginServer}/${tools.dockerCli})`] : lines;
}

function entryText(entry: ValidationEntry, buffer: Registry): string {
  const within = `within ${formatDuration(entry.timeoutSeconds * 1000)}`;
  switch (entry.kind) {
    case 'run':
      return `in the candidate: ${entry.command.map(quoted).join(' ')}  (${within}; ${limitsText(entry)})`;
    case 'script':
      return `in the candidate: ${entry.shell} ${entry.path}  (${within}; ${limitsText(entry)})`;
    case 'steps':
      return `the steps of ${entry.path}  (${within})`;
    case 'task':
      return `the task ${entry.task} of ${buffer.name}  (${within})`;
  }
}

function limitsText({ memory, cpus, pidsLimit }: SandboxLimits): string {
  return `${memory} memory, ${cpus} cpu, ${pidsLimit} processes, no network`;
}

function quoted(argument: string): string {
  return /^[\w./:=@%+-]+$/.test(argument) ? argument : JSON.stringify(argument);
}

function gateText({ validate, gate: { soak, approval, promoteDuring } }: Image): string[] {
  const conditions = [validate.length > 0 ? 'once validation has passed' : 'once it is staged'];
  if (soak > 0) conditions.push(`${formatDuration(soak)} after Sluice first saw it upstream`);
  if (approval) conditions.push('when a person has approved it');
  if (promoteDuring !== undefined) conditions.push(`only during ${promoteDuring.text}`);
  return conditions;
}

function dependentsText({ dependents }: Image, registries: readonly Registry[]): string[] {
  const lines: string[] = [];
  if (dependents.discover) lines.push(`tasks built on the target, in ${registries.map((it) => it.name).join(', ')}`);
  for (const { registry, task } of dependents.tasks) lines.push(`${registry.name}/${task}`);
  if (lines.length === 0) return ['nothing'];
  const grace = dependents.graceSeconds === undefined ? '' : `; ACR has ${dependents.graceSeconds} s to start its own`;
  lines.push(`at most ${dependents.maxParallel} at once, none after ${dependents.failureBudget} failures${grace}`);
  return lines;
}
