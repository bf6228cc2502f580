/** A moment in virtual time, such as `2025-01-01T00:00:02.500Z`. */
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
  /** How many virtual seconds pass in a second; 0 on a frozen clock. */
  speed: number;
  /** When the next thing happens; absent if nothing is to come. */
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
  tests: string[];
}

export interface Scenarios {
  scenarios: { name: string; summary: string; reveals: string; breaks?: string }[];
  wires: { name: string; form: string; summary: string }[];
}

/** A run with its steps; what the API shows has the types of the OpenAPI document. */
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

/** Which clock is meant: that of a run created with `Prefer: clock=manual`, or everybody's. */
export interface Which {
  run?: string;
}

export interface ConnectOptions {
  /** The token of `--control-token`. */
  token?: string;
  /** Speak for this test only. */
  test?: string;
}

/** What the mock said to a control call that it refused. */
export class MockError extends Error {
  readonly status: number;
  readonly code: string;
}

/** A mock, or one test's part of it. */
export class Mock {
  constructor(url: string, options?: ConnectOptions);
  /** The address without a path. */
  readonly origin: string;
  /** The base URL of the API, for the application under test. */
  readonly url: string;
  /** The test that this speaks for; empty for the mock that all share. */
  readonly test: string;
  /** The headers that make a request to the API belong to this test. */
  get headers(): Record<string, string>;
  forTest(test: string): Mock;
  overview(): Promise<Overview>;
  scenarios(): Promise<Scenarios>;
  choose(scenario: string): Promise<void>;
  assign(scenario: string, options?: { runs?: number }): Promise<Assignment[]>;
  unassign(): Promise<void>;
  clock(which?: Which): Promise<Clock>;
  freeze(which?: Which): Promise<Clock>;
  scale(speed: number, which?: Which): Promise<Clock>;
  advance(seconds: number, which?: Which): Promise<Clock>;
  jump(to?: "next" | RunStatus | Time, which?: Which): Promise<Clock>;
  reset(): Promise<void>;
  state(): Promise<State>;
  journal(options?: { after?: number; operation?: string }): Promise<SeenRequest[]>;
}

/** A mock that runs already. `url` is any address of it, with or without `/v1`. */
export function connect(url: string, options?: ConnectOptions): Mock;
