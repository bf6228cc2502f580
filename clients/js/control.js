// How does a test control a running mock? Works in Node.js and in browsers; needs only `fetch`.

/** A control call that the mock rejected: HTTP status, error code and message. */
export class MockError extends Error {
  constructor(status, code, message) {
    super(message);
    this.name = "MockError";
    this.status = status;
    this.code = code;
  }
}

/** A mock, or the sandbox of one test. */
export class Mock {
  #token;

  constructor(url, { token, test } = {}) {
    const origin = new URL(url).origin;
    this.origin = origin;
    this.url = `${origin}/v1`;
    this.test = test ?? "";
    this.#token = token;
  }

  /** The headers that put a request to the API into this sandbox; empty for the shared sandbox. */
  get headers() {
    return this.test ? { "X-Mock-Test": this.test } : {};
  }

  /** The sandbox of a test on the same server: its threads, runs, clock, scenario and journal are isolated. */
  forTest(test) {
    return new Mock(this.origin, { token: this.#token, test });
  }

  /** The default scenario, assignments, clock and counts. */
  overview() {
    return this.#call("GET", "");
  }

  /** All scenarios and network conditions. */
  scenarios() {
    return this.#call("GET", "/scenarios");
  }

  /** Set the default scenario: `tool-call`, `hello+cut=5`. */
  async choose(scenario) {
    await this.#call("PUT", "/scenario", { scenario });
  }

  /** Assign a scenario to the next runs, whatever their requests choose; without `runs`, to all that follow. */
  async assign(scenario, { runs } = {}) {
    return (await this.#call("POST", "/assignments", { scenario, runs })).assignments;
  }

  /** Delete all assignments. */
  async unassign() {
    await this.#call("DELETE", "/assignments");
  }

  /** The time, the speed, and when the next change of a run comes. */
  clock({ run } = {}) {
    return this.#call("GET", `/clock${query({ run })}`);
  }

  /** Freeze the clock. */
  freeze({ run } = {}) {
    return this.scale(0, { run });
  }

  /** Set the speed of the clock: 10 is ten times real time, 0 freezes it. */
  scale(speed, { run } = {}) {
    return this.#call("PUT", "/clock", { speed, run });
  }

  /** Move the clock forward by virtual seconds. */
  advance(seconds, { run } = {}) {
    return this.#call("POST", "/clock/advance", { by: seconds, run });
  }

  /** Move the clock to the next change (`next`), to a status (`expired`) or to a time. */
  jump(to = "next", { run } = {}) {
    return this.#call("POST", "/clock/advance", { to, run });
  }

  /** Reset this sandbox; the shared sandbox resets everything. */
  async reset() {
    await this.#call("POST", "/reset");
  }

  /** Every thread with its messages, and every run with its steps. */
  async state() {
    let page = await this.#call("GET", "/state");
    const found = { ...page, threads: [...page.threads], runs: [...page.runs] };
    while (page.more) {
      page = await this.#call("GET", `/state${query({ after: page.threads.at(-1).id })}`);
      found.threads.push(...page.threads);
      found.runs.push(...page.runs);
    }
    found.runs.sort((one, other) => (one.run.createdAt < other.run.createdAt ? -1 : 1));
    return { ...found, now: page.now, more: false };
  }

  /** The requests that the mock received, oldest first. */
  async journal({ after, operation } = {}) {
    return (await this.#call("GET", `/journal${query({ after, operation })}`)).requests;
  }

  async #call(method, path, body) {
    const headers = { ...this.headers };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (this.#token) headers.Authorization = `Bearer ${this.#token}`;
    const response = await fetch(`${this.origin}/_mock${path}`, { method, headers, body: JSON.stringify(body) });
    const answer = await response.json();
    if (!response.ok) throw new MockError(response.status, answer.code, answer.message);
    return answer;
  }
}

/** Connect to a running mock. `url` is its address, with or without `/v1`. */
export function connect(url, options) {
  return new Mock(url, options);
}

function query(parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  return given.length ? `?${new URLSearchParams(given)}` : "";
}
