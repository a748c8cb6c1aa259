import { type Html, html } from './html.ts';

/** What several pages show alike. Each cell names its column: on a narrow window cells stand below each other. */
export function table(headings: readonly string[], rows: readonly (readonly (Html | string | undefined)[])[]): Html {
  const row = (cells: readonly (Html | string | undefined)[]) =>
    html`<tr>${cells.map((cell, column) => html`<td data-label="${headings[column]}">${cell}</td>`)}</tr>`;
  return html`<div class="scroll"><table><thead><tr>${headings.map((text) => html`<th scope="col">${text}</th>`)}</tr></thead>
<tbody>${rows.map(row)}</tbody></table></div>`;
}

export const empty = (text: string, example?: string): Html =>
  html`<div class="empty"><p>${text}</p>${example === undefined ? undefined : command(example)}</div>`;

/** A line that one click selects whole. */
export const command = (text: string): Html => html`<pre class="command">${text}</pre>`;

/** Selected whole by one click, cut by the browser where the column is narrow. */
export const code = (text: string): Html => html`<code class="copy" title="${text}">${text}</code>`;

export const link = (to: string): Html => html`<a href="${to}"><code>${to}</code></a>`;

export const digest = (text: string): Html => html`<code class="copy digest" title="${text}">${text}</code>`;

const tones: Readonly<Record<string, string>> = {
  Succeeded: 'good',
  delivered: 'good',
  Running: 'busy',
  Started: 'busy',
  Queued: 'busy',
  pending: 'busy',
  retrying: 'warn',
  Timeout: 'bad',
  Failed: 'bad',
  Error: 'bad',
  'dead-lettered': 'bad',
  lost: 'bad',
};

export const status = (text: string): Html => html`<span class="status ${tones[text] ?? 'plain'}">${text}</span>`;

export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
  const value = bytes / 1000 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${units[power]}`;
}

export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${(milliseconds / 1000).toFixed(1)} s`;
  return seconds < 3600 ? `${Math.floor(seconds / 60)} min ${seconds % 60} s` : `${Math.floor(seconds / 3600)} h`;
}

export const withoutMilliseconds = (time: string): string => time.replace(/\.\d+Z$/, 'Z');

export function ago(time: Date, now: Date): Html {
  const past = Math.max(0, now.getTime() - time.getTime());
  const seconds = Math.floor(past / 1000);
  const text = seconds === 0 ? 'just now' : `${seconds < 60 ? `${seconds} s` : duration(past)} ago`;
  const shown = withoutMilliseconds(time.toISOString());
  return html`<time datetime="${shown}" title="${shown}">${text}</time>`;
}
