import { StringDecoder } from 'node:string_decoder';
import type { LogSink } from '../contracts.ts';

/** What one run's steps may write; a container that prints without end must not fill the disk. */
const OUTPUT_LIMIT_CHARACTERS = 16 * 1024 * 1024;

/** The log of one run, in the agent's form. Secrets are masked in all of it. */
export class RunLog {
  readonly #sink: LogSink;
  readonly #now: () => Date;
  readonly #mask: RegExp | undefined;
  #partial = '';
  #written = 0;

  constructor(sink: LogSink, now: () => Date, secrets: readonly string[]) {
    this.#sink = sink;
    this.#now = now;
    const parts = secrets.filter((secret) => secret.length > 3).toSorted((a, b) => b.length - a.length);
    // Masking very short ones would only garble the text.
    this.#mask = parts.length > 0 ? new RegExp(parts.map(escapePattern).join('|'), 'g') : undefined;
  }

  /** A line of the agent's own: `2020/03/09 20:30:10 text`. */
  line(text: string): void {
    this.#atLineStart();
    this.#write(`${timestamp(this.#now())} ${text}\n`);
  }

  /** A line without a time, as the agent prints errors. */
  plain(text: string): void {
    this.#atLineStart();
    this.#write(`${text}\n`);
  }

  /** What a container or a tool prints, as it comes. */
  output(text: string): void {
    if (this.#written > OUTPUT_LIMIT_CHARACTERS) return;
    this.#written += text.length;
    // A secret may be cut by a chunk's end, so with secrets only whole lines go out.
    if (!this.#mask) this.#sink.write(text);
    else {
      const all = this.#partial + text;
      const end = all.lastIndexOf('\n') + 1;
      this.#partial = all.slice(end);
      if (end > 0) this.#write(all.slice(0, end));
    }
    this.#lineOpen = !text.endsWith('\n');
    if (this.#written > OUTPUT_LIMIT_CHARACTERS) this.line('The output is too long; the rest of it is left out.');
  }

  async end(): Promise<void> {
    this.#atLineStart();
    await this.#sink.end();
  }

  #lineOpen = false;

  #atLineStart(): void {
    if (this.#partial) this.#write(this.#partial);
    this.#partial = '';
    if (this.#lineOpen) this.#sink.write('\n');
    this.#lineOpen = false;
  }

  #write(text: string): void {
    this.#sink.write(this.#mask ? text.replace(this.#mask, '***') : text);
  }
}

/** Text of a stream of bytes, with characters that a chunk cuts kept whole. */
export function textOf(onText: (text: string) => void): { write(chunk: Buffer): void; end(): void } {
  const decoder = new StringDecoder('utf8');
  const pass = (text: string) => text && onText(text);
  return { write: (chunk) => pass(decoder.write(chunk)), end: () => pass(decoder.end()) };
}

function timestamp(date: Date): string {
  return date.toISOString().slice(0, 19).replaceAll('-', '/').replace('T', ' ');
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** Whole seconds as Go prints them: `51s`, `3m57s`, `2h0m0s`. */
export function goDuration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60] as const;
  const [h, m, s] = parts;
  if (h > 0) return `${h}h${m}m${s}s`;
  return m > 0 ? `${m}m${s}s` : `${s}s`;
}
