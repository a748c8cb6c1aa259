/** What docs/operating.md quotes is what the code says. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const page = readFileSync(new URL('../../docs/operating.md', import.meta.url), 'utf8');
const source = new URL('../../src', import.meta.url).pathname;

/** All code as one text; an apostrophe in it is escaped. */
const said = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readFileSync(join(source, name), 'utf8'))
  .join('\n')
  .replaceAll("\\'", "'");

/** Code spans with a gap or a sentence in them: messages, not names, commands or fields. */
const quotes = [...page.replaceAll(/```[\s\S]*?```/g, '').matchAll(/`([^`]+)`/g)]
  .map(([, quote = '']) => quote)
  .filter((quote) => /…/.test(quote) || quote.split(' ').length > 4)
  .filter((quote) => !/^(?:az |ask |tell |docker |npm |Authorization|\{|"|dependents: )/.test(quote));

/** What stands between the gaps. Very short pieces, such as a colon, prove nothing. */
const piecesOf = (quote: string) =>
  quote
    .split('…')
    .map((piece) => piece.trim().replace(/^[;:,.)(\s]+|[;:,.(\s]+$/g, ''))
    .filter((piece) => piece.length > 3);

describe('docs/operating.md', () => {
  it('quotes messages', () => expect(quotes.length).toBeGreaterThan(50));

  it.each([...new Set(quotes)])('quotes what the code says: %s', (quote) => {
    expect(piecesOf(quote).filter((piece) => !said.includes(piece))).toEqual([]);
  });

  const fieldsIn = (name: string) => {
    const [, table = ''] = page.split(`\`${name}\`: a`);
    return [...(table.split('\n\n`')[0] ?? '').matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`(\w+)`/g)].map(([, field]) => field),
    );
  };
  const lines = readFileSync(join(source, 'lib/log/lines.ts'), 'utf8');

  it('names every field of sluice.transition', () => {
    const [, written = ''] = /'sluice\.transition', \{([\s\S]*?)\}\)/.exec(lines) ?? [];
    const fields = [...written.matchAll(/^\s*(\w+)[,:]/gm)].map(([, field]) => field);
    expect(fieldsIn('sluice.transition').sort()).toEqual(fields.sort());
  });

  it('names every field of sluice.tick', () => {
    const [, written = ''] = /export interface Tick \{([\s\S]*?)\n\}/.exec(lines) ?? [];
    const fields = [...written.matchAll(/readonly (\w+):/g)].map(([, field]) => field);
    expect(fieldsIn('sluice.tick').sort()).toEqual([...fields, 'invocation'].sort());
  });
});
