import type { Advanced } from './advance.ts';

/** What became of a run in one invocation, in words. */
export function describeCarried(carried: Advanced): { readonly result: string; readonly why?: string } {
  switch (carried.kind) {
    case 'waits':
      return { result: `waits until ${new Date(carried.until).toISOString()}`, why: carried.why };
    case 'ended':
      return { result: carried.outcome, why: carried.why };
    case 'parked':
    case 'dropped':
      return { result: carried.kind, why: carried.why };
    case 'left':
      return { result: 'left to another invocation' };
  }
}
