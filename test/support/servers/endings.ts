/** What was started and must be ended, in the opposite order, whatever fails on the way. */
export class Endings {
  readonly #endings: (() => Promise<void>)[] = [];

  add(end: () => Promise<void>): void {
    this.#endings.push(end);
  }

  /** Ends everything. @throws the first failure, when all the rest is ended too */
  async run(): Promise<void> {
    const failures: unknown[] = [];
    for (const end of this.#endings.splice(0).reverse()) {
      await end().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }
}
