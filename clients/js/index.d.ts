import { Mock } from "./control.js";

export * from "./control.js";

export interface StartOptions {
  /** The command, or the command and its first arguments; `tune-mock` if not told. */
  command?: string | string[];
  /** A fixed port; a free one if not told. */
  port?: number;
  /** What a run plays if nobody chooses; `hello` if not told. */
  scenario?: string;
  /** Repeats ids, pace and pieces. */
  seed?: string;
  /** Times as fast; 0 is at once. */
  speed?: number;
  /** `manual`, if not told: time stands until `advance` or `jump`. `real`: it passes. */
  clock?: "manual" | "real";
  /** Whether creating a run answers once it waits for nobody, or at once. */
  create?: "blocking" | "background";
  /** Control calls need this token. */
  controlToken?: string;
  /** Further arguments of the command. */
  args?: string[];
  /** How long to wait until it listens, in milliseconds. */
  timeout?: number;
}

/** A mock in a process of its own. */
export class StartedMock extends Mock {
  /** End the process. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Start a mock on a free port and wait until it listens. */
export function start(options?: StartOptions): Promise<StartedMock>;
