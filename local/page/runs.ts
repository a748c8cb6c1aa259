import type { RunRecord, TaskSummary } from '../arm/index.ts';
import type { LocalAzure } from '../index.ts';
import { type Html, html } from './html.ts';
import type { Page } from './layout.ts';
import { ago, digest, duration, empty, status, table } from './parts.ts';

const finished = (run: RunRecord) => run.finishTime !== undefined;

export function runsPage(azure: LocalAzure, now: Date): Page {
  const body = html`<h1>Task runs</h1>${runsTable(azure, now, 200)}<h2>Tasks</h2>${tasksTable(azure)}`;
  const busy = azure.has('arm') && azure.arm.view.runs().some((run) => !finished(run));
  return { title: 'Task runs', body, ...(busy ? { refresh: 2 } : {}) };
}

function tasksTable(azure: LocalAzure): Html {
  const tasks = azure.has('arm') ? azure.arm.view.tasks() : [];
  if (tasks.length === 0) return empty('There are no tasks yet. Make one with ARM: PUT …/registries/NAME/tasks/TASK.');
  return table(
    ['Task', 'Registry', 'Kind', 'Context', 'Starts by itself', 'Built on'],
    tasks.map((task) => [
      html`<strong>${task.name}</strong>${task.enabled ? undefined : html` ${status('Disabled')}`}`,
      task.registry,
      task.kind,
      task.contextPath ?? '',
      task.baseImageTrigger === undefined ? 'no' : `when its ${task.baseImageTrigger.toLowerCase()} base changes`,
      bases(task),
    ]),
  );
}

function bases({ baseImageDependencies }: TaskSummary): Html | string {
  if (baseImageDependencies.length === 0) return 'not known before its first run';
  return html`${baseImageDependencies.map(
    ({ repository, tag, digest: on }) => html`<div>${repository}:${tag} ${digest(on)}</div>`,
  )}`;
}

export function runsTable(azure: LocalAzure, now: Date, count: number): Html {
  const runs = azure.has('arm') ? azure.arm.view.runs().slice(0, count) : [];
  if (runs.length === 0) {
    return empty('There are no task runs yet. Schedule one with ARM, or push a base image that a task waits for.');
  }
  return table(
    ['Run', 'Registry', 'Task or image', 'Status', 'Kind', 'Took', 'Created'],
    runs.map((run) => [
      html`<a href="/runs/${run.registry}/${run.runId}">${run.runId}</a>`,
      run.registry,
      run.task ?? html`${run.about?.map((image) => html`<div>${pinned(image)}</div>`)}`,
      status(run.status),
      run.runType,
      run.startTime ? duration((run.finishTime ?? now).getTime() - run.startTime.getTime()) : '',
      ago(run.createTime, now),
    ]),
  );
}

/** `host/repository@digest` without the host: a registry stands beside it. */
function pinned(image: string): Html {
  const [name = '', of = ''] = image.split('@');
  return html`${name.slice(name.indexOf('/') + 1)} ${digest(of)}`;
}

export async function runPage(
  azure: LocalAzure,
  registry: string,
  runId: string,
  now: Date,
): Promise<Page | undefined> {
  const run = azure.has('arm')
    ? azure.arm.view.runs().find((one) => one.registry === registry && one.runId === runId)
    : undefined;
  if (!run) return undefined;
  const log = await azure.arm.view.readLog(registry, runId);
  const body = html`<h1>Task run ${runId}</h1>
<p class="lead">${status(run.status)} ${run.runType}${run.task ? html` of <strong>${run.task}</strong>` : undefined} in ${registry}, ${ago(run.createTime, now)}</p>
${run.runErrorMessage ? html`<p class="problem">${run.runErrorMessage}</p>` : undefined}
${about(run)}${why(run)}${outputs(run)}
<h2>Log</h2>${log ? html`<pre class="log">${log}</pre>` : empty('The log is empty so far.')}`;
  return { title: `Task run ${runId}`, body, ...(finished(run) ? {} : { refresh: 1 }) };
}

function about({ about: images }: RunRecord): Html | undefined {
  return images && html`<p>About ${images.map((image) => html`${pinned(image)} `)}</p>`;
}

function why({ imageUpdateTrigger }: RunRecord): Html | undefined {
  if (!imageUpdateTrigger) return undefined;
  const images = imageUpdateTrigger.images.map(
    (image) => html`${image.repository}:${image.tag} ${digest(image.digest)} `,
  );
  return html`<p>Started by a new base image: ${images}</p>`;
}

function outputs({ outputImages = [] }: RunRecord): Html | undefined {
  if (outputImages.length === 0) return undefined;
  const rows = outputImages.map((image) => [image.registry, `${image.repository}:${image.tag}`, digest(image.digest)]);
  return html`<h2>Images it pushed</h2>${table(['Registry', 'Image', 'Digest'], rows)}`;
}
