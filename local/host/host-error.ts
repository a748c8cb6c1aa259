/** The host cannot start, or a call cannot be made, and the message says why: shown without a stack. */
export class HostError extends Error {
  override name = 'HostError';
}
