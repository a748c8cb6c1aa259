import type { RegistryNotification } from '../../local/contracts.ts';
import { taskRuns } from '../../local/demo/hello-world.ts';
import { type Pipeline, places, tag } from './pipeline.ts';

/** What can be seen of one update from outside of Sluice, or in its log. */
export interface Watched {
  readonly digest: string;
  readonly notifications: readonly RegistryNotification[];
  /** Lines of the host's log since the push. */
  lines(): readonly string[];
  imports(): readonly string[];
  /** Status of the validation's task run; undefined before there is one. */
  validation(): string | undefined;
  /** Status of hello-world's task run; undefined before there is one. */
  build(): string | undefined;
}

export interface Moment {
  readonly title: string;
  isThere(watched: Watched): boolean;
}

const transition = (to: string) => ({
  title: `the transition to ${to} was logged`,
  isThere: ({ lines }: Watched) =>
    lines().some((line) => line.includes('"sluice.transition"') && line.includes(`"to":"${to}"`)),
});
const told = (title: string, repository: string, byImport: boolean) => ({
  title,
  isThere: ({ notifications }: Watched) =>
    notifications.some((one) => one.target.repository === repository && one.byImport === byImport),
});
const line = (title: string, text: string) => ({
  title,
  isThere: ({ lines }: Watched) => lines().some((one) => one.includes(text)),
});
const build = (title: string, ...states: readonly string[]) => ({
  title,
  isThere: (watched: Watched) => states.includes(watched.build() ?? ''),
});
const validation = (title: string, ...states: readonly string[]) => ({
  title,
  isThere: (watched: Watched) => states.includes(watched.validation() ?? ''),
});

/** In the order in which an update goes through them. */
export const moments: readonly Moment[] = [
  told('the push upstream was told', places.upstream, false),
  line('the event has reached its function', "Executing 'Functions.onRegistryPush'"),
  transition('import'),
  { title: 'the import into staging was asked for', isThere: ({ imports }) => imports().length >= 1 },
  told('the import into staging has landed', places.staging, true),
  told("staging's tag was moved", places.staging, false),
  transition('validate'),
  validation('the validation is queued or runs', 'Queued', 'Started', 'Running'),
  validation('the validation runs', 'Running'),
  validation('the validation has ended', 'Succeeded'),
  transition('promote'),
  { title: 'the import into the target was asked for', isThere: ({ imports }) => imports().length >= 2 },
  told('the import into the target has landed', places.target, true),
  told("the target's tag was moved", places.target, false),
  transition('rebuild'),
  build('hello-world is queued or built', 'Queued', 'Started', 'Running'),
  build('hello-world is built', 'Running'),
  told('hello-world was pushed', 'hello-world', false),
  build('hello-world has ended', 'Succeeded'),
  transition('promoted'),
];

/** Watches the next update; `digest` is that of the push. */
export function watch({ world, seen }: Pipeline, digest: () => string): Watched & { stop(): void } {
  const notifications: RegistryNotification[] = [];
  let on = true;
  for (const registry of [world.buffer, world.dev]) {
    registry.onNotification((one) => {
      const isStable = one.byImport || one.target.repository === 'hello-world' || one.target.tag === tag;
      if (on && isStable) notifications.push(one);
    });
  }
  const from = { lines: seen.lines.length, imports: seen.imports.length };
  const before = new Set(world.azure.arm.view.runs().map(({ registry, runId }) => `${registry}/${runId}`));
  const fresh = () => world.azure.arm.view.runs().filter(({ registry, runId }) => !before.has(`${registry}/${runId}`));
  return {
    get digest() {
      return digest();
    },
    notifications,
    lines: () => seen.lines.slice(from.lines),
    imports: () => seen.imports.slice(from.imports),
    validation: () => fresh().find(({ registry }) => registry === world.buffer.name)?.status,
    build: () => {
      const runs = new Set(taskRuns(world).map(({ runId }) => runId));
      return fresh().find(({ registry, runId }) => registry === world.dev.name && runs.has(runId))?.status;
    },
    stop() {
      on = false;
    },
  };
}
