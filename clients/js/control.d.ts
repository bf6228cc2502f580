/** A virtual time, such as `2025-01-01T00:00:02.500Z`. */
export type Time = string;

export type RunStatus =
  | "queued"
  | "in_progress"
  | "requires_action"
  | "cancelling"
  | "cancelled"
  | "failed"
  | "completed"
  | "expired";

export interface Clock {
  now: Time;
  /** Virtual seconds per real second; 0 if the clock is frozen. */
  speed: number;
  /** When the next change of a run comes; absent if no run has a change ahead. */
  next?: Time;
}

export interface Assignment {
  scenario: string;
  runs?: number;
}

export interface Overview {
  version: string;
  seed: string;
  test: string;
  scenario: string;
  assignments: Assignment[];
  clock: Clock;
  threads: number;
  runs: number;
  requests: number;
  /** Open requests that wait for the clock, streams included. */
  waiting: number;
  tests: string[];
}

export interface Scenarios {
  scenarios: { name: string; summary: string; reveals: string; breaks?: string }[];
  wires: { name: string; form: string; summary: string }[];
}

/** A run and its steps, with the types of the OpenAPI document. */
export interface RunState {
  run: { id: string; threadId: string; status: RunStatus | (string & {}); [field: string]: unknown };
  steps: { id: string; [field: string]: unknown }[];
  scenario: string;
  chosenBy: string;
  now: Time;
  ahead: { at: Time; status: string }[];
}

export interface State {
  now: Time;
  threads: { id: string; messages: { id: string; role: string; [field: string]: unknown }[]; [field: string]: unknown }[];
  runs: RunState[];
}

export interface SeenRequest {
  number: number;
  at: Time;
  method: string;
  path: string;
  query: string;
  operation: string;
  headers: Record<string, string>;
  body?: unknown;
  status: number;
}

/** The clock of a run created with `Prefer: clock=manual`; without it, the clock of the sandbox. */
export interface Which {
  run?: string;
}

export interface ConnectOptions {
  /** The token of `--control-token`. */
  token?: string;
  /** Use the sandbox of this test. */
  test?: string;
}

/** A control call that the mock rejected: HTTP status, error code and message. */
export class MockError extends Error {
  readonly status: number;
  readonly code: string;
}

/** A mock, or the sandbox of one test. */
export class Mock {
  constructor(url: string, options?: ConnectOptions);
  /** The address without a path. */
  readonly origin: string;
  /** The base URL of the API, for the application under test. */
  readonly url: string;
  /** The test whose sandbox this is; empty for the shared sandbox. */
  readonly test: string;
  /** The headers that put a request to the API into this sandbox; empty for the shared sandbox. */
  get headers(): Record<string, string>;
  /** The sandbox of a test on the same server: its threads, runs, clock, scenario and journal are isolated. */
  forTest(test: string): Mock;
  /** The default scenario, assignments, clock and counts. */
  overview(): Promise<Overview>;
  /** All scenarios and network conditions. */
  scenarios(): Promise<Scenarios>;
  /** Set the default scenario: `tool-call`, `hello+cut=5`. */
  choose(scenario: string): Promise<void>;
  /** Assign a scenario to the next runs, whatever their requests choose; without `runs`, to all that follow. */
  assign(scenario: string, options?: { runs?: number }): Promise<Assignment[]>;
  /** Delete all assignments. */
  unassign(): Promise<void>;
  /** The time, the speed, and when the next change of a run comes. */
  clock(which?: Which): Promise<Clock>;
  /** Freeze the clock. */
  freeze(which?: Which): Promise<Clock>;
  /** Set the speed of the clock: 10 is ten times real time, 0 freezes it. */
  scale(speed: number, which?: Which): Promise<Clock>;
  /** Move the clock forward by virtual seconds. */
  advance(seconds: number, which?: Which): Promise<Clock>;
  /** Move the clock to the next change (`next`), to a status (`expired`) or to a time. */
  jump(to?: "next" | RunStatus | Time, which?: Which): Promise<Clock>;
  /** Reset this sandbox; the shared sandbox resets everything. */
  reset(): Promise<void>;
  /** Every thread with its messages, and every run with its steps. */
  state(): Promise<State>;
  /** The requests that the mock received, oldest first. */
  journal(options?: { after?: number; operation?: string }): Promise<SeenRequest[]>;
}

/** Connect to a running mock. `url` is its address, with or without `/v1`. */
export function connect(url: string, options?: ConnectOptions): Mock;
