/** The one queue: its messages carry runs forward. */
export const defaultQueueName = 'sluice-runs';
