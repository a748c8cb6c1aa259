/** The pipeline's ports as one worker of the simulated world has them. Each is made when it is first used: most need few. */
import type * as ports from '../../src/lib/pipeline/ports.ts';
import type { Pipeline } from '../../src/lib/pipeline/session.ts';
import { memoryCursors, memoryImageHolds, memoryIndex } from './memory-index.ts';
import { storePort, verdictsPort } from './record-ports.ts';
import { bufferPort, importerPort, moverPort, upstreamPort } from './registry-ports.ts';
import { dependentsPort, validationPort } from './task-ports.ts';
import type { WorkerWorld } from './wire.ts';
import { remote } from './wire.ts';

export function workerPorts(at: WorkerWorld): Pipeline {
  const { world } = at;
  const now = () => world.clockwork.now;
  const made: { -readonly [K in keyof Pipeline]?: Pipeline[K] } = {};
  return {
    get catalog() {
      return world.catalog;
    },
    get periods() {
      return world.periods;
    },
    get store() {
      made.store ??= remote(at, storePort(at, now));
      return made.store;
    },
    get verdicts() {
      made.verdicts ??= remote(at, verdictsPort(at, now));
      return made.verdicts;
    },
    get index() {
      made.index ??= remote(at, memoryIndex(world.state, now));
      return made.index;
    },
    get cursors() {
      made.cursors ??= remote(at, memoryCursors(world.state));
      return made.cursors;
    },
    get imageHolds() {
      made.imageHolds ??= remote(at, memoryImageHolds(world.state));
      return made.imageHolds;
    },
    get queue() {
      const send: ports.Queue['send'] = (message, delay) => Promise.resolve(world.onSend(message, delay));
      made.queue ??= remote(at, { send });
      return made.queue;
    },
    get upstream() {
      made.upstream ??= remote(at, upstreamPort(at));
      return made.upstream;
    },
    get buffer() {
      made.buffer ??= bufferPort(at);
      return made.buffer;
    },
    get mover() {
      made.mover ??= moverPort(at);
      return made.mover;
    },
    get remover() {
      made.remover ??= remote(at, { removeTag: () => Promise.resolve() });
      return made.remover;
    },
    get importer() {
      made.importer ??= remote(at, importerPort(at));
      return made.importer;
    },
    get validations() {
      made.validations ??= validationPort(at);
      return made.validations;
    },
    get dependents() {
      made.dependents ??= remote(at, dependentsPort(at));
      return made.dependents;
    },
    get clock() {
      made.clock ??= clockOf(at);
      return made.clock;
    },
    get ids() {
      made.ids ??= {
        run: (instant) => `${Math.floor(instant / 1000).toString(36)}${(world.ids++).toString(36).padStart(4, '0')}`,
        nonce: () => `n${world.ids++}`,
      };
      return made.ids;
    },
    get journal() {
      made.journal ??= { transition: (event) => world.onTransition(event) };
      return made.journal;
    },
  };
}

function clockOf({ world: { clockwork }, worker }: WorkerWorld): ports.Clock {
  return {
    monotonic: () => clockwork.now + worker.offset,
    sleep: (ms) => new Promise((resolve) => clockwork.after(ms, () => worker.dead || resolve())),
  };
}
