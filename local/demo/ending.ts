import { colors } from '../colors.ts';
import type { Stage } from './stage.ts';

/** Every run of the story, the oldest first, from Sluice's own list. */
export async function tellRuns(stage: Stage): Promise<void> {
  const { terminal, subject, world } = stage;
  terminal.line();
  const runs = await world.sluice.runs(subject.image, subject.tag).catch((cause: Error) => {
    terminal.paragraph(`The runs cannot be listed. ${cause.message}`, colors.red);
  });
  if (!runs) return;
  terminal.paragraph(`The runs of ${subject.image}:${subject.tag}, as GET /api/runs lists them`, colors.bold);
  terminal.line(
    colors.dim(`    ${'run'.padEnd(13)}${'kind'.padEnd(10)}${'outcome'.padEnd(13)}${'took'.padEnd(7)}digest`),
  );
  for (const run of [...runs].reverse()) {
    const { id, kind, outcome = run.stage } = run;
    const mark = outcome === 'rejected' ? colors.red : colors.green;
    const took = run.endedAt === undefined ? '' : tookOf(run.createdAt, run.endedAt);
    const cells = `${id.padEnd(13)}${kind.padEnd(10)}${mark(outcome.padEnd(13))}${took.padEnd(7)}${stage.named(run.digest)}`;
    terminal.line(`    ${cells}`);
  }
}

/** In whole seconds: Sluice's times are those of services that tell no more. */
function tookOf(from: string, to: string): string {
  return `${Math.round((Date.parse(to) - Date.parse(from)) / 1000)} s`;
}

/** Where to look while everything is still up. */
export function tellAddresses(stage: Stage): void {
  const { terminal, world, container, subject } = stage;
  const { azure, sluice } = world;
  const rows: readonly (readonly [string, string, string])[] = [
    ['front page', azure.page.endpoint, 'registries, logins, runs, events, functions'],
    ['hello-world', container.address, 'as it is now'],
    ['Sluice', `${sluice.address}/api/runs?code=${sluice.key}`, 'its runs, in a browser'],
    ['its key', sluice.key, ''],
    ['buffer', world.buffer.endpoint, 'registry of public/, staging/, base-images/'],
    ['dev', world.dev.endpoint, 'registry of hello-world'],
    ['certificate', azure.certificate.caFile, 'of the registries; logins: front page'],
  ];
  terminal.line();
  terminal.paragraph('Look around', colors.bold);
  for (const [name, address, hint] of rows) {
    terminal.note('said', name, `${colors.cyan(address)} ${colors.dim(hint)}`.trimEnd());
  }
  terminal.line();
  terminal.paragraph('Try a command; docs/operating.md has the others:', colors.bold);
  // On one line, whatever the width: it is there to be pasted.
  const path = `/api/images/${subject.image}/tags/${subject.tag}/reimport`;
  const body = `{"force": true, "reason": "to see it run"}`;
  terminal.line(
    `    curl -sS -H 'x-functions-key: ${sluice.key}' -H 'content-type: application/json' -d '${body}' ${sluice.address}${path}`,
  );
}
