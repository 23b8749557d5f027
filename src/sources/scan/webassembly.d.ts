/** What of WebAssembly's JavaScript interface is used: TypeScript has it only together with the whole DOM. */
declare namespace WebAssembly {
  class Memory {
    constructor(descriptor: { readonly initial: number; readonly maximum?: number });
    /** A new one after every growth; views of the old one are empty from then on. */
    readonly buffer: ArrayBuffer;
    /** @returns how many pages there were before. @throws RangeError beyond the maximum */
    grow(pages: number): number;
  }
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>);
    readonly exports: Readonly<Record<string, unknown>>;
  }
}
