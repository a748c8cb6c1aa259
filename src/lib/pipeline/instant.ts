import type { Instant } from './model.ts';

export function iso(at: Instant): string {
  return new Date(at).toISOString();
}
