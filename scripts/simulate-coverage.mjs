// Which code of the protocol no schedule has reached: `npm run simulate:coverage -- --schedules N`.
// V8's own block coverage of the bundle, every thread's taken together; the bundle keeps the source files' names.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const command = fileURLToPath(new URL('simulate.mjs', import.meta.url));
const bundle = fileURLToPath(new URL('../.local/simulate/main.mjs', import.meta.url));
/** What the protocol says cannot be is in certain.ts, and nowhere else. */
const measured = /^\/\/ (src\/lib\/(?:pipeline|dependents)\/(?!certain)\S+\.ts)$/;

const folder = mkdtempSync(join(tmpdir(), 'sluice-coverage-'));
const env = { ...process.env, NODE_V8_COVERAGE: folder };
const { status } = spawnSync(process.execPath, [command, ...process.argv.slice(2)], { stdio: 'inherit', env });
const text = readFileSync(bundle, 'utf8');
const reached = new Uint8Array(text.length);
for (const file of readdirSync(folder)) markReached(JSON.parse(readFileSync(join(folder, file), 'utf8')));
rmSync(folder, { recursive: true });
const unreached = report();
process.exit(status !== 0 || unreached > 0 ? 1 : 0);

/** Ranges of a function come outermost first; an inner one says more of its part. */
function markReached({ result }) {
  for (const { functions } of result.filter(({ url }) => url.endsWith('/.local/simulate/main.mjs'))) {
    const seen = new Uint8Array(text.length);
    for (const { ranges } of functions.sort((a, b) => a.ranges[0].startOffset - b.ranges[0].startOffset)) {
      for (const { startOffset, endOffset, count } of ranges) seen.fill(count > 0 ? 1 : 0, startOffset, endOffset);
    }
    for (let at = 0; at < seen.length; at++) reached[at] |= seen[at];
  }
}

function report() {
  let at = 0;
  let file;
  let count = 0;
  for (const line of text.split('\n')) {
    file = line.startsWith('// ')
      ? (measured.exec(line)?.[1] ?? (/^\/\/ \S+\.\w+$/.test(line) ? undefined : file))
      : file;
    const indent = line.length - line.trimStart().length;
    const missed = [...line.slice(indent)].some(
      (sign, offset) => reached[at + indent + offset] === 0 && /[\w'"`]/.test(sign),
    );
    if (file && missed) {
      console.log(`${file}: ${line.trim()}`);
      count++;
    }
    at += line.length + 1;
  }
  console.log(`${count} lines of the protocol were not reached`);
  return count;
}
