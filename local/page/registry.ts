import type { LocalAzure } from '../index.ts';
import type { RepositoryView, ViewedRegistry } from '../registry/index.ts';
import { type Html, html } from './html.ts';
import type { Page } from './layout.ts';
import { ago, code, digest, empty, size, table } from './parts.ts';

export async function registryPage(azure: LocalAzure, registry: ViewedRegistry, now: Date): Promise<Page> {
  const repositories = await registry.view.repositories();
  const body = html`<h1>${registry.name}</h1>
<p class="lead">Login server ${code(registry.loginServer)}</p>
${
  repositories.length > 0
    ? repositories.map((repository) => section(repository, now))
    : empty('There are no images yet. Push one:', pushExample(azure, registry))
}`;
  return { title: registry.name, body };
}

function section({ name, tags, untagged }: RepositoryView, now: Date): Html {
  const rows = tags.map((tag) => [
    html`<strong>${tag.name}</strong>`,
    digest(tag.digest),
    tag.platforms.join(', ') || tag.mediaType,
    size(tag.size),
    ago(tag.updated, now),
  ]);
  const rest = untagged === 1 ? '1 manifest has no tag.' : `${untagged} manifests have no tag.`;
  return html`<section><h2>${name}</h2>
${rows.length > 0 ? table(['Tag', 'Digest', 'Platforms', 'Size', 'Pushed'], rows) : undefined}
${untagged > 0 ? html`<p class="aside">${rest}</p>` : undefined}</section>`;
}

export function pushExample({ certificate }: LocalAzure, { admin, loginServer }: ViewedRegistry): string {
  const trust = `--cert-dir ${certificate.caFolder}`;
  return [
    `buildah login ${trust} --username ${admin.username} --password ${admin.password} ${loginServer}`,
    `buildah push ${trust} IMAGE ${loginServer}/public/node:9-alpine`,
  ].join('\n');
}
