/** What an ACR Task is known by, as far as dependents go. */
export interface TaskInfo {
  /** The registry's name, not its login server. */
  readonly registry: string;
  readonly task: string;
  /** The task's own status. */
  readonly enabled: boolean;
  /** Whether its base-image trigger is on, so that ACR starts it by itself. */
  readonly triggerEnabled: boolean;
  readonly dependencies: readonly TaskDependency[];
  readonly outputs: readonly TaskOutput[];
  /** Whether it has run once: before that ACR knows no dependencies. */
  readonly armed: boolean;
}

export interface TaskDependency {
  /** The login server. */
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
  readonly digest?: string;
  readonly type: 'Runtime' | 'BuildTime';
}

export interface TaskOutput {
  /** The login server. */
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
}
