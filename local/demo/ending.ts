import { colors } from '../colors.ts';
import type { Stage } from './stage.ts';
import { width } from './terminal.ts';

/** Every run of the story, the oldest first, from Sluice's own list. */
export async function tellRuns(stage: Stage): Promise<void> {
  const { terminal, subject, world } = stage;
  const runs = await world.sluice.runs(subject.image, subject.tag);
  terminal.line();
  terminal.line(colors.bold(`    The runs of ${subject.image}:${subject.tag}, as GET /api/runs lists them`));
  terminal.line(
    colors.dim(`    ${'run'.padEnd(13)}${'kind'.padEnd(10)}${'outcome'.padEnd(13)}${'took'.padEnd(7)}digest`),
  );
  for (const run of [...runs].reverse()) {
    const { id, kind, outcome = run.stage } = run;
    const took = run.endedAt === undefined ? '' : `${(Date.parse(run.endedAt) - Date.parse(run.createdAt)) / 1000} s`;
    const mark = outcome === 'rejected' ? colors.red : colors.green;
    const cells = `${id.padEnd(13)}${kind.padEnd(10)}${mark(outcome.padEnd(13))}${took.padEnd(7)}${stage.named(run.digest)}`;
    terminal.line(`    ${cells}`);
  }
}

/** Where to look while everything is still up. */
export function tellAddresses(stage: Stage): void {
  const { terminal, world, container } = stage;
  const { azure, sluice } = world;
  const rows: readonly (readonly [string, string, string])[] = [
    ['front page', azure.page.endpoint, 'registries, task runs with their logs, events'],
    ['hello-world', container.address, 'as it is now'],
    ['Sluice', `${sluice.address}/api/runs`, `with the header x-functions-key: ${sluice.key.slice(0, 4)}…`],
    ['registry', azure.registry('contosobaseimages').loginServer, 'contosobaseimages: staging/, base-images/'],
    ['registry', azure.registry('contosodev').loginServer, 'contosodev: hello-world'],
  ];
  terminal.line();
  terminal.line(colors.bold('    Look around'));
  for (const [name, address, hint] of rows) {
    terminal.line(
      `    ${colors.dim(name.padEnd(13))}${colors.cyan(address.padEnd(36))}${colors.dim(hint)}`.slice(0, width + 40),
    );
  }
  terminal.line(`    ${colors.dim('its key'.padEnd(13))}${sluice.key}`);
}
