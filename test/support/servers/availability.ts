/** How a test server says that it cannot run here, and what would make it run. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface Unavailable {
  readonly server: string;
  /** What is missing here, as the end of "… is not available: ". */
  readonly reason: string;
  /** What to install or set, as an imperative. */
  readonly install: string;
}

/** One line for a person: which server, why not, what to do. */
export function explain({ server, reason, install }: Unavailable): string {
  return `${server} is not available: ${reason}. ${install}`;
}

/** Thrown by a server's start function where its check would have answered {@link Unavailable}. */
export class ServerUnavailable extends Error {
  readonly unavailable: Unavailable;

  constructor(unavailable: Unavailable) {
    super(explain(unavailable));
    this.name = 'ServerUnavailable';
    this.unavailable = unavailable;
  }
}

/** @throws ServerUnavailable when there is something to complain about. */
export function demand(unavailable: Unavailable | undefined): void {
  if (unavailable !== undefined) throw new ServerUnavailable(unavailable);
}

/** The full path of a command, looked up on PATH as a shell would; undefined: there is none. */
export function commandPath(command: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, command)).find(isExecutable);
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}
