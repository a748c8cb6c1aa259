/** Registering needs none of what handling needs: that is read at the first call, and a cold start is so much shorter. */
export const handlers = () => import('./handlers/index.ts');
