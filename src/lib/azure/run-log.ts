import { setTimeout as sleep } from 'node:timers/promises';
import type { Registry } from '../catalog/model.ts';
import { maskSecrets } from '../http/mask.ts';
import { PortError } from '../pipeline/errors.ts';
import type { ArmClients } from './arm.ts';
import { within } from './deadlines.ts';
import { failureOf, portError } from './errors.ts';

/** Bytes from the end that are kept with a verdict. */
const tailSize = 8192;
/** A run can end shortly before its log does. */
const looks = 6;
const betweenLooks = 500;

/** The last lines of a run's log, without credentials; empty where the service has none (it keeps them 30 days). */
export async function readLogEnd(arm: ArmClients, registry: Registry, taskRun: string): Promise<string> {
  const target = `${registry.name}/${taskRun}`;
  const link = await logLink(arm, registry, taskRun, target);
  if (link === undefined) return '';
  const size = await settledSize(link, target);
  if (size === undefined || size === 0) return '';
  const start = Math.max(0, size - tailSize);
  // A blob has no range that counts from its end.
  const answer = await ask(link, 'GET', { range: `bytes=${start}-` }, target);
  if (answer.status !== 200 && answer.status !== 206) throw refused(answer.status, target);
  return tail(await answer.text(), answer.status === 206 && start > 0);
}

/** A line that was cut may begin in the middle of a credential, which no pattern knows any more. */
export function tail(text: string, cut: boolean): string {
  const whole = cut ? text.slice(text.indexOf('\n') + 1) : text;
  return maskSecrets(whole.replaceAll('\r\n', '\n')).slice(-tailSize);
}

/** A link to the whole log: a credential, good for a short while. Undefined where there is no log. */
export async function logLink(
  arm: ArmClients,
  { subscription, resourceGroup, name }: Registry,
  taskRun: string,
  target: string,
): Promise<string | undefined> {
  const client = await arm.of(subscription);
  try {
    const options = { abortSignal: within('read') };
    return (await client.runs.getLogSasUrl(resourceGroup, name, taskRun, options)).logLink;
  } catch (error) {
    if (failureOf(error).status === 404) return undefined;
    throw portError(error, 'read the log of', target);
  }
}

async function settledSize(link: string, target: string): Promise<number | undefined> {
  for (let look = 1; ; look++) {
    const answer = await ask(link, 'HEAD', {}, target);
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw refused(answer.status, target);
    const complete = answer.headers.has('x-ms-meta-complete');
    if (complete || look >= looks) return Number(answer.headers.get('content-length') ?? 0);
    await sleep(betweenLooks);
  }
}

/** The link is a credential: it never goes into an error. */
async function ask(link: string, method: string, headers: Record<string, string>, target: string): Promise<Response> {
  try {
    return await fetch(link, { method, headers, redirect: 'error', signal: within('log') });
  } catch (error) {
    const name = error instanceof Error ? error.name : 'Error';
    const why = name === 'TimeoutError' ? 'no answer in time' : 'its storage cannot be reached';
    throw new PortError(why, { operation: 'read the log of', target, next: 'retry' });
  }
}

function refused(status: number, target: string): PortError {
  // A link that has just been made is refused only by the storage's firewall, or for a while.
  return new PortError(`its storage answered ${status}`, { operation: 'read the log of', target, next: 'retry' });
}
