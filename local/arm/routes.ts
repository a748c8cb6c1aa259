import { registryVersions, taskVersions } from './http/apiVersions.ts';
import type { Handler } from './http/types.ts';
import { getOperationResult } from './import/getOperationResult.ts';
import { importImage } from './import/importImage.ts';
import { getRegistry } from './registries/get.ts';
import { listRegistries } from './registries/list.ts';
import { cancelRun } from './runs/cancel.ts';
import { getRun } from './runs/get.ts';
import { listRuns } from './runs/list.ts';
import { listLogSasUrl } from './runs/listLogSasUrl.ts';
import { scheduleRun } from './runs/schedule.ts';
import { updateRun } from './runs/update.ts';
import { createTask } from './tasks/create.ts';
import { deleteTask } from './tasks/delete.ts';
import { getTask, getTaskDetails } from './tasks/get.ts';
import { listTasks } from './tasks/list.ts';
import { updateTask } from './tasks/update.ts';

export interface Route {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** As error messages name it. */
  readonly type: string;
  readonly versions: readonly string[];
  readonly handler: Handler;
}

const subscription = '/subscriptions/:subscriptionId';
const group = `${subscription}/resourceGroups/:resourceGroupName`;
const provider = '/providers/Microsoft.ContainerRegistry';
const registry = `${group}${provider}/registries/:registryName`;

function route(
  method: Route['method'],
  path: string,
  type: string,
  versions: readonly string[],
  handler: Handler,
): Route {
  return { method, path, type, versions, handler };
}

/** Every operation that is served, one file each. */
export const routes: readonly Route[] = [
  route('GET', `${subscription}${provider}/registries`, 'registries', registryVersions, listRegistries),
  route('GET', `${group}${provider}/registries`, 'registries', registryVersions, listRegistries),
  route('GET', registry, 'registries', registryVersions, getRegistry),
  route('POST', `${registry}/importImage`, 'registries/importImage', registryVersions, importImage),
  route(
    'GET',
    `${subscription}${provider}/locations/:location/operationResults/:operationId`,
    'locations/operationResults',
    registryVersions,
    getOperationResult,
  ),
  route('POST', `${registry}/scheduleRun`, 'registries/scheduleRun', taskVersions, scheduleRun),
  route('GET', `${registry}/tasks`, 'registries/tasks', taskVersions, listTasks),
  route('GET', `${registry}/tasks/:taskName`, 'registries/tasks', taskVersions, getTask),
  route('PUT', `${registry}/tasks/:taskName`, 'registries/tasks', taskVersions, createTask),
  route('PATCH', `${registry}/tasks/:taskName`, 'registries/tasks', taskVersions, updateTask),
  route('DELETE', `${registry}/tasks/:taskName`, 'registries/tasks', taskVersions, deleteTask),
  route('POST', `${registry}/tasks/:taskName/listDetails`, 'registries/tasks', taskVersions, getTaskDetails),
  route('GET', `${registry}/runs`, 'registries/runs', taskVersions, listRuns),
  route('GET', `${registry}/runs/:runId`, 'registries/runs', taskVersions, getRun),
  route('PATCH', `${registry}/runs/:runId`, 'registries/runs', taskVersions, updateRun),
  route('POST', `${registry}/runs/:runId/cancel`, 'registries/runs', taskVersions, cancelRun),
  route('POST', `${registry}/runs/:runId/listLogSasUrl`, 'registries/runs', taskVersions, listLogSasUrl),
];
