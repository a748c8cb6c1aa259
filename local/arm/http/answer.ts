import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ArmError, armError } from './errors.ts';
import type { ArmResponse } from './types.ts';

const constantHeaders = {
  'cache-control': 'no-cache',
  pragma: 'no-cache',
  expires: '-1',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
};

/** Answers one request; whatever `respond` throws becomes an ARM error, never a crash. */
export async function answer(
  message: IncomingMessage,
  reply: ServerResponse,
  respond: () => Promise<ArmResponse>,
): Promise<void> {
  let response: ArmResponse;
  try {
    response = await respond();
  } catch (error) {
    response = error instanceof ArmError ? error.response : internalError(error);
  }
  send(message, reply, response);
}

function internalError(error: unknown): ArmResponse {
  console.error('ARM endpoint: unexpected error', error);
  return armError(500, 'InternalServerError', 'The server was unable to complete the request.').response;
}

function send(message: IncomingMessage, reply: ServerResponse, response: ArmResponse): void {
  if (reply.destroyed) return;
  const requestId = randomUUID();
  const body = response.body === undefined ? '' : JSON.stringify(response.body);
  const clientRequestId = message.headers['x-ms-client-request-id'];
  reply.writeHead(response.status, {
    ...constantHeaders,
    ...(body === '' ? {} : { 'content-type': 'application/json; charset=utf-8' }),
    ...(response.status === 204 ? {} : { 'content-length': Buffer.byteLength(body) }),
    'x-ms-request-id': requestId,
    'x-ms-correlation-request-id': requestId,
    ...(message.headers['x-ms-return-client-request-id'] === 'true' && typeof clientRequestId === 'string'
      ? { 'x-ms-client-request-id': clientRequestId }
      : {}),
    ...response.headers,
  });
  reply.end(body);
  // What the client still sends of a refused body is read and dropped, so that it gets to see the answer.
  message.resume();
}
