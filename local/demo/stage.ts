import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerHost } from './container.ts';
import { taskRuns } from './hello-world.ts';
import { pushVariant } from './images.ts';
import type { CommandAnswer, RunDetails } from './sluice.ts';
import type { Mark, Terminal } from './terminal.ts';
import { type Color, paint, short } from './text.ts';
import type { World } from './world.ts';

/** A step of the story did not come true. */
export class Untrue extends Error {
  override readonly name = 'Untrue';
}

/** Names of what the story is about. */
export interface Subject {
  readonly image: string;
  readonly tag: string;
  readonly upstream: string;
  readonly staging: string;
  readonly target: string;
}

/** What the acts of the story share: they do something, follow the run that comes of it, and look at what is there then. */
export class Stage {
  readonly world: World;
  readonly terminal: Terminal;
  readonly subject: Subject;
  readonly container: ContainerHost;
  /** Aborted when nobody wants to see the rest. */
  readonly signal: AbortSignal;
  /** The colour of each digest that was pushed. */
  readonly colors = new Map<string, Color>();
  /** How many lines of its timeline were told, by run. */
  readonly #told = new Map<string, number>();

  constructor(
    world: World,
    terminal: Terminal,
    subject: Subject,
    container: ContainerHost,
    signal: AbortSignal = new AbortController().signal,
  ) {
    this.world = world;
    this.terminal = terminal;
    this.subject = subject;
    this.container = container;
    this.signal = signal;
  }

  note(mark: Mark, label: string, text: string): void {
    this.terminal.note(mark, label, text);
  }

  named(digest: string): string {
    const color = this.colors.get(digest);
    return color === undefined ? short(digest) : `${short(digest)} ${paint(color)}`;
  }

  /** Somebody pushes another image, like `source` but for its colour. The answer is its digest. */
  async push(place: 'upstream' | 'target', color: Color, source = this.subject.tag): Promise<string> {
    const { world, subject } = this;
    const repository = subject[place];
    const client = world.repository(world.buffer, repository);
    const digest = await pushVariant(client, source, subject.tag, { BACKGROUND_COLOR: color });
    this.colors.set(digest, color);
    this.note('did', 'pushed', `${repository}:${subject.tag} is now ${this.named(digest)}`);
    return digest;
  }

  /** An operator's command, and what Sluice answers: shown once what it says has come true. */
  async command(
    name: string,
    body: Readonly<Record<string, unknown>>,
    status: number,
    comesTrue?: () => Promise<void>,
  ): Promise<CommandAnswer> {
    const { image, tag } = this.subject;
    const answer = await this.world.sluice.command(`/api/images/${image}/tags/${tag}/${name}`, body);
    this.note('did', 'asked', `${answer.request} ${shortened(JSON.stringify(body))}`);
    const why = this.readable(answer.why ?? '');
    if (answer.status !== status)
      throw new Untrue(`${name}: expected ${status}, and Sluice answered ${answer.status} ${why}`);
    await comesTrue?.();
    this.note('saw', 'answered', `${answer.status} ${why}`);
    return answer;
  }

  /** Says so, or that it is not so; then the story ends. */
  expect(isTrue: boolean, label: string, text: string): void {
    if (!isTrue) throw new Untrue(`${label}: expected ${text}`);
    this.note('saw', label, text);
  }

  /** Shows what is under way until `look` finds what it looks for. */
  async until<T>(
    label: string,
    what: string,
    look: () => Promise<{ readonly found: T } | { readonly now: string }>,
  ): Promise<T> {
    const busy = this.terminal.busy(label);
    const end = performance.now() + 60_000;
    try {
      for (;;) {
        this.signal.throwIfAborted();
        const seen = await look();
        if ('found' in seen) return seen.found;
        busy.text(seen.now);
        if (performance.now() > end) throw new Untrue(`${label}: waited a minute in vain for ${what} (${seen.now})`);
        await sleep(50, undefined, { signal: this.signal });
      }
    } finally {
      busy.end();
    }
  }

  /** The run of a digest that the story has not followed yet. */
  async newRun(digest: string): Promise<string> {
    const { image, tag } = this.subject;
    return this.until('noticed', `a run of ${short(digest)}`, async () => {
      const runs = await this.world.sluice.runs(image, tag);
      const found = runs.find((run) => run.digest === digest && !this.#told.has(run.id));
      return found ? { found: found.id } : { now: 'nobody has told Sluice yet' };
    });
  }

  /** Tells each transition of a run as it comes, until the run has ended, or is parked. */
  async follow(id: string): Promise<RunDetails> {
    for (;;) {
      const told = this.#told.get(id) ?? 0;
      const run = await this.until('run', `the end of run ${id}`, async () => {
        const now = await this.world.sluice.run(id);
        const isNews = now.timeline.length > told || now.outcome !== undefined;
        return isNews ? { found: now } : { now: underWay(now) };
      });
      for (const entry of run.timeline.slice(told)) this.#tell(run.kind, entry);
      this.#told.set(id, run.timeline.length);
      if (run.outcome !== undefined || run.parked !== undefined) return run;
    }
  }

  #tell(kind: string, { from, to, why }: RunDetails['timeline'][number]): void {
    const first = kind === 'forced' || kind === 'rollback' ? 'begun' : 'noticed';
    const label = to === 'resumed' ? to : from.split(' ')[0] || first;
    if (to.startsWith('parked')) this.note('said', 'waits', this.readable(why));
    else this.note(to === 'rejected' ? 'wrong' : 'saw', label, this.readable(why));
  }

  async followTo(id: string, outcome: string): Promise<RunDetails> {
    const run = await this.follow(id);
    this.expect(run.outcome === outcome, 'outcome', `run ${id} is ${outcome}`);
    return run;
  }

  /** A sentence of Sluice's as people read it: its digests get their colours, its times lose their milliseconds. */
  readable(text: string): string {
    const plain = text.replaceAll(/(\d\d:\d\d:\d\d)\.\d{3}Z/g, '$1Z');
    return plain.replaceAll(/\b[0-9a-f]{12}\b/g, (found) => {
      const digest = [...this.colors.keys()].find((known) => short(known) === found);
      return digest === undefined ? found : this.named(digest);
    });
  }

  /** Waits until the registry shows that digest. */
  async becomes(place: 'upstream' | 'staging' | 'target', digest: string): Promise<void> {
    const { world, subject } = this;
    await this.until(place, `${subject[place]}:${subject.tag} to be ${short(digest)}`, async () => {
      const shown = await world.digest(world.buffer, subject[place], subject.tag);
      return shown === digest ? { found: shown } : { now: `it is ${short(shown ?? 'nothing')}` };
    });
    await this.shows(place, digest);
  }

  /** What the registry shows is that digest. */
  async shows(place: 'upstream' | 'staging' | 'target', digest: string): Promise<void> {
    const { world, subject } = this;
    const shown = await world.digest(world.buffer, subject[place], subject.tag);
    this.expect(shown === digest, place, `${subject[place]}:${subject.tag} is ${this.named(digest)}`);
  }

  /** Waits until hello-world is built on that digest, starts what was pushed, and looks at its page. */
  async helloWorld(digest: string): Promise<void> {
    const { world } = this;
    const run = await this.until('hello-world', `a build on ${short(digest)}`, async () => {
      const newest = taskRuns(world).find(({ status }) => status === 'Succeeded');
      const [task] = world.azure.arm.view.tasks();
      const built = task?.baseImageDependencies[0]?.digest === digest && newest;
      return built ? { found: newest } : { now: `${taskRuns(world)[0]?.runId} is ${taskRuns(world)[0]?.status}` };
    });
    const image = await world.digest(world.dev, 'hello-world', 'latest');
    const text = `hello-world:latest is ${short(image ?? '')}, built on ${this.named(digest)} by ${run.runId}`;
    this.expect(image === run.outputImages?.[0]?.digest, 'hello-world', text);
    await this.#page(`${world.dev.loginServer}/hello-world@${image}`, digest);
  }

  async #page(image: string, base: string): Promise<void> {
    const busy = this.terminal.busy('page');
    busy.text('starting a container of it');
    const page = await this.container.show(image, this.signal).finally(() => busy.end());
    const color = this.colors.get(base);
    if (color === undefined) throw new Untrue(`page: ${short(base)} is no image of this story`);
    this.expect(page.includes(`background: ${color}`), 'page', `${this.container.address} shows ${paint(color)}`);
  }
}

/** What a run does that has told nothing new for a while: its last sentence is about what it has done. */
function underWay({ id, stage, verdicts }: RunDetails): string {
  const taskRun = verdicts.findLast(({ taskRun }) => taskRun !== undefined)?.taskRun;
  const doing: Readonly<Record<string, string>> = {
    import: 'is copied into staging',
    validate: taskRun === undefined ? 'is about to be tested' : `is tested by task run ${taskRun}`,
    promote: 'is about to move the target',
    rebuild: 'waits for what is built on it',
  };
  return `${id} ${doing[stage] ?? stage}`;
}

/** Digests as people read them. */
function shortened(text: string): string {
  return text.replaceAll(/(sha256:[0-9a-f]{12})[0-9a-f]{52}/g, '$1…');
}
