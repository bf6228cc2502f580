// How is a running mock told what to do? Works in Node.js and in browsers; it needs `fetch` and nothing else.

/** What the mock said to a control call that it refused. */
export class MockError extends Error {
  constructor(status, code, message) {
    super(message);
    this.name = "MockError";
    this.status = status;
    this.code = code;
  }
}

/** A mock, or one test's part of it. */
export class Mock {
  #token;

  constructor(url, { token, test } = {}) {
    const origin = new URL(url).origin;
    this.origin = origin;
    this.url = `${origin}/v1`;
    this.test = test ?? "";
    this.#token = token;
  }

  /** The headers that make a request to the API belong to this test; none for the mock that all share. */
  get headers() {
    return this.test ? { "X-Mock-Test": this.test } : {};
  }

  /** The same mock as one test sees it: threads, runs, clock, scenario and journal are its own. */
  forTest(test) {
    return new Mock(this.origin, { token: this.#token, test });
  }

  /** How the mock stands. */
  overview() {
    return this.#call("GET", "");
  }

  /** The scenarios and wire conditions there are. */
  scenarios() {
    return this.#call("GET", "/scenarios");
  }

  /** Choose what a run plays when its request does not choose: `tool-call`, `hello+cut=5`. */
  async choose(scenario) {
    await this.#call("PUT", "/scenario", { scenario });
  }

  /** Decide what the next runs play, whatever their requests say; without `runs`, all that follow. */
  async assign(scenario, { runs } = {}) {
    return (await this.#call("POST", "/assignments", { scenario, runs })).assignments;
  }

  /** Let requests choose for themselves again. */
  async unassign() {
    await this.#call("DELETE", "/assignments");
  }

  /** What time it is, and what happens next. */
  clock({ run } = {}) {
    return this.#call("GET", `/clock${query({ run })}`);
  }

  /** Let time stand. */
  freeze({ run } = {}) {
    return this.scale(0, { run });
  }

  /** Let time pass so many times as fast as it does. */
  scale(speed, { run } = {}) {
    return this.#call("PUT", "/clock", { speed, run });
  }

  /** Let so many virtual seconds pass at once. */
  advance(seconds, { run } = {}) {
    return this.#call("POST", "/clock/advance", { by: seconds, run });
  }

  /** Go to the next moment (`next`), to a status (`expired`) or to a time. */
  jump(to = "next", { run } = {}) {
    return this.#call("POST", "/clock/advance", { to, run });
  }

  /** Forget everything, or everything of this test. */
  async reset() {
    await this.#call("POST", "/reset");
  }

  /** Every thread and every run. */
  state() {
    return this.#call("GET", "/state");
  }

  /** The requests that the mock has seen, oldest first. */
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

/** A mock that runs already. `url` is any address of it, with or without `/v1`. */
export function connect(url, options) {
  return new Mock(url, options);
}

function query(parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  return given.length ? `?${new URLSearchParams(given)}` : "";
}
