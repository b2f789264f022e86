import { type Frame, ProtocolError, TYPE } from './frames.ts';

/** Frames of credit that may come for requests that have ended meanwhile, before another request has. */
const LATE_CREDITS = 64;

/**
 * What a worker may say on its control link: once that it is ready or has failed, and one answer to each question. Without this a worker could fill the log, or keep its front
 * busy, with what nobody has asked for.
 */
export class ControlWords {
  readonly #asked = new Set<string>();
  #told = false;
  #late = 0;

  /** A question of that type and id goes out. */
  ask(type: number, id: number): void {
    this.#asked.add(`${type} ${id}`);
  }

  /** @throws ProtocolError where a READY, FAILED, STACKS or PING must not come now, or another frame came */
  check({ type, id }: Pick<Frame, 'type' | 'id'>): void {
    switch (type) {
      case TYPE.READY:
      case TYPE.FAILED:
        if (this.#told) throw new ProtocolError('a second READY or FAILED');
        this.#told = true;
        return;
      case TYPE.STACKS:
      case TYPE.PING:
        if (!this.#asked.delete(`${type} ${id}`)) throw new ProtocolError('an answer to what was not asked');
        return;
      default:
        throw new ProtocolError(`a frame of type ${type} on the control link`);
    }
  }

  /** A request has ended: credit for it may be on its way. */
  ended(): void {
    this.#late = 0;
  }

  /** @throws ProtocolError where more credit came for requests that are over than can have crossed with their ends */
  lateCredit(): void {
    if (++this.#late > LATE_CREDITS) throw new ProtocolError('credit for no request');
  }
}
