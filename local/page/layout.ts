import type { LocalAzure } from '../index.ts';
import { type Html, html } from './html.ts';

export interface Page {
  readonly title: string;
  readonly body: Html;
  /** Seconds until the browser asks again, while something on it is under way. */
  readonly refresh?: number;
}

export function layout(azure: LocalAzure, path: string, { title, body, refresh }: Page): string {
  const link = (to: string, text: string) =>
    html`<a href="${to}"${to === path ? html` aria-current="page"` : undefined}>${text}</a>`;
  const again = refresh === undefined ? undefined : html`<meta http-equiv="refresh" content="${refresh}">`;
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
${again}<title>${title} · local Azure</title><link rel="stylesheet" href="/style.css"><link rel="icon" href="data:,"></head>
<body><header><a class="brand" href="/">local Azure</a>
<nav>${link('/', 'Overview')}${[...azure.registries.keys()].map((name) => link(`/registries/${name}`, name))}${link('/runs', 'Task runs')}${link('/events', 'Events')}</nav></header>
<main>${body}</main>
</body></html>`.text;
}
