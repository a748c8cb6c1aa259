import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** What one bench found: a table for people. */
export interface Finding {
  /** Names the place in docs/performance.md. */
  readonly name: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** A line below the table. */
  readonly note?: string;
}

const page = fileURLToPath(new URL('../../docs/performance.md', import.meta.url));

export function tableOf({ header, rows, note }: Finding): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = header.map((_, column) => (column === 0 ? '---' : '---:'));
  return [line(header), line(rule), ...rows.map(line), ...(note === undefined ? [] : ['', note])].join('\n');
}

/** Puts each finding between its marks, `<!-- bench NAME -->` and `<!-- /bench -->`. */
export async function writePage(findings: readonly Finding[]): Promise<void> {
  let text = await readFile(page, 'utf8');
  for (const finding of findings) {
    const [begin, end] = [`<!-- bench ${finding.name} -->`, '<!-- /bench -->'];
    const from = text.indexOf(begin);
    const to = text.indexOf(end, from);
    if (from < 0 || to < 0) throw new Error(`Writing docs/performance.md: there is no ${begin} … ${end}.`);
    text = `${text.slice(0, from)}${begin}\n${tableOf(finding)}\n${text.slice(to)}`;
  }
  await writeFile(page, text);
}
