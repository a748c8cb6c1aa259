import { serviceTime, wholeSeconds } from '../clock.ts';
import type { ArmState } from '../state.ts';
import type { RunRecord } from './store.ts';

export function runId(state: ArmState, run: Pick<RunRecord, 'registry' | 'runId'>): string {
  return `${state.registries.get(run.registry.toLowerCase())?.resourceId ?? ''}/runs/${run.runId}`;
}

/** What scheduleRun answers: fewer properties than any later look at the run. */
export function scheduledRunDocument(state: ArmState, run: RunRecord): Record<string, unknown> {
  return envelope(state, run, {
    runId: run.runId,
    status: run.status,
    lastUpdatedTime: wholeSeconds(run.lastUpdatedTime),
    provisioningState: 'Succeeded',
    isArchiveEnabled: run.isArchiveEnabled,
  });
}

/** A run in the recorded order of properties; what is not known yet is absent, never null. */
export function runDocument(state: ArmState, run: RunRecord): Record<string, unknown> {
  return envelope(state, run, {
    runId: run.runId,
    status: run.status,
    lastUpdatedTime: wholeSeconds(run.lastUpdatedTime),
    runType: run.runType,
    agentPoolName: run.agentPoolName,
    createTime: serviceTime(run.createTime),
    startTime: run.startTime && serviceTime(run.startTime),
    finishTime: run.finishTime && serviceTime(run.finishTime),
    outputImages: run.outputImages && run.outputImages.length > 0 ? run.outputImages : undefined,
    task: run.task,
    imageUpdateTrigger: run.imageUpdateTrigger && {
      ...run.imageUpdateTrigger,
      timestamp: serviceTime(run.imageUpdateTrigger.timestamp),
    },
    platform: run.platform,
    agentConfiguration: run.agentConfiguration,
    customRegistries: run.customRegistries,
    runErrorMessage: run.runErrorMessage,
    updateTriggerToken: run.updateTriggerToken,
    // Also of a failed run: it is the resource's state, not the run's outcome.
    provisioningState: 'Succeeded',
    isArchiveEnabled: run.isArchiveEnabled,
  });
}

function envelope(state: ArmState, run: RunRecord, properties: Record<string, unknown>): Record<string, unknown> {
  return {
    type: 'Microsoft.ContainerRegistry/registries/runs',
    properties,
    id: runId(state, run),
    name: run.runId,
    systemData: {
      lastModifiedBy: run.requestedBy,
      lastModifiedByType: 'Application',
      lastModifiedAt: serviceTime(run.createTime),
    },
  };
}
