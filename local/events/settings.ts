import * as z from 'zod';

/** What can be changed while events are running. */
export const settingsSchema = z.object({
  /** Whether an import raises ImagePushed: nobody knows whether Azure's do. */
  importEvents: z.boolean(),
  /** What a second of Event Grid's retry schedule takes, in seconds: 0.001 goes through ten seconds in ten milliseconds. */
  timeScale: z.number().min(0.00001).max(10),
});

export type EventSettings = z.infer<typeof settingsSchema>;
