import { Mock } from "./control.js";

export * from "./control.js";

export interface StartOptions {
  /** The command, or the command and its first arguments. Default: `tune-mock`. */
  command?: string | string[];
  /** The port. Default: a free one. */
  port?: number;
  /** The default scenario. Default: `hello`. */
  scenario?: string;
  /** The seed of ids, timings and chunks. Default: a new one at each start. */
  seed?: string;
  /** The speed of scenarios: 10 is ten times as fast, 0 makes everything happen at once. */
  speed?: number;
  /** `manual` (default): the clock moves only with `advance` and `jump`. `real`: it runs in real time. */
  clock?: "manual" | "real";
  /** Whether creating a run blocks until it is `requires_action` or terminal, or returns at once. */
  create?: "blocking" | "background";
  /** The bearer token for control calls. */
  controlToken?: string;
  /** More arguments for the command. */
  args?: string[];
  /** How long to wait for the mock to listen, in milliseconds. Default: 30000. */
  timeout?: number;
}

/** A mock that runs in a child process. */
export class StartedMock extends Mock {
  /** Stop the process. Open streams end. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Start a mock on a free port and wait until it listens. */
export function start(options?: StartOptions): Promise<StartedMock>;
