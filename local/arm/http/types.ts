import type { IncomingHttpHeaders } from 'node:http';
import type { ArmState } from '../state.ts';

/** A request after authentication, routing and parsing; path parameters keep their casing. */
export interface ArmRequest {
  readonly method: string;
  readonly path: string;
  readonly apiVersion: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Parsed JSON; undefined where the request had no body. */
  readonly body: unknown;
  /** Who the bearer token belongs to. */
  readonly principalId: string;
}

export interface ArmResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Serialised as JSON; undefined is an empty body. */
  readonly body?: unknown;
}

export type Handler = (state: ArmState, request: ArmRequest) => ArmResponse | Promise<ArmResponse>;
