import { Unanswered } from '../errors.ts';

/** Questions to another process, which answers by their numbers, or never: each is given up after a while. */
export class Questions<Answer> {
  readonly #patience: number;
  readonly #waiting = new Map<number, PromiseWithResolvers<Answer>>();
  #asked = 0;
  #ended: string | undefined;

  /** @param patience how long an answer is waited for, in milliseconds */
  constructor(patience: number) {
    this.#patience = patience;
  }

  /**
   * @param send asks the question of this number
   * @throws Unanswered
   */
  async ask(send: (question: number) => void): Promise<Answer> {
    if (this.#ended !== undefined) throw new Unanswered(this.#ended);
    const question = ++this.#asked;
    const waiting = Promise.withResolvers<Answer>();
    this.#waiting.set(question, waiting);
    const why = `no answer came within ${this.#patience / 1000} s`;
    const timer = setTimeout(() => waiting.reject(new Unanswered(why)), this.#patience);
    try {
      send(question);
      return await waiting.promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(question);
    }
  }

  /** One that comes too late is nobody's. */
  answer(question: number, answer: Answer): void {
    this.#waiting.get(question)?.resolve(answer);
  }

  /** Nobody answers any more. */
  end(why: string): void {
    this.#ended = why;
    for (const { reject } of this.#waiting.values()) reject(new Unanswered(why));
  }
}
