import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { connect, MockError, start } from "../index.js";

// The command under test as JSON, unless it is on the PATH.
const command = process.env.TUNE_MOCK_COMMAND ? JSON.parse(process.env.TUNE_MOCK_COMMAND) : undefined;
let mock;

before(async () => {
  mock = await start({ command, seed: "1", controlToken: "s3cret" });
});
after(() => mock.stop());
beforeEach(() => mock.reset());

async function create(body = {}, { prefer = "respond-async", headers = {} } = {}) {
  const response = await fetch(`${mock.url}/threads/t/runs`, {
    method: "POST",
    headers: { "X-Tune-Key": "k", "Content-Type": "application/json", Prefer: prefer, ...headers },
    body: JSON.stringify({ model: "m", ...body }),
  });
  return response;
}

async function status(run) {
  return (await mock.state()).runs.find((entry) => entry.run.id === run.id).run.status;
}

test("the clock stops until it is moved", async () => {
  const run = await (await create()).json();
  assert.equal(run.status, "queued");
  await mock.advance(1);
  assert.equal(await status(run), "in_progress");
  const clock = await mock.jump("completed");
  assert.equal(clock.now, run.createdAt.replace("00.000Z", "02.500Z"));
  assert.equal(await status(run), "completed");
  assert.equal((await mock.clock()).speed, 0);
});

test("the state has the threads of all pages", async () => {
  const count = 1010;
  for (let number = 0; number < count; number += 1) {
    await fetch(`${mock.url}/threads`, { method: "POST", headers: { "X-Tune-Key": "k", "Content-Type": "application/json" }, body: "{}" });
  }
  await create();
  const { threads, runs, more } = await mock.state();
  assert.equal(new Set(threads.map((thread) => thread.id)).size, count + 1);
  assert.equal(runs.length, 1);
  assert.equal(more, false);
});

test("a scenario is chosen, assigned and unassigned", async () => {
  await mock.choose("fails-early");
  assert.deepEqual(await mock.assign("tool-call+split", { runs: 1 }), [{ scenario: "tool-call+split", runs: 1 }]);
  assert.equal((await create()).headers.get("x-mock-scenario"), "tool-call+split; by=control");
  await mock.jump();
  await mock.reset();
  await mock.assign("empty");
  await mock.unassign();
  assert.equal((await create()).headers.get("x-mock-scenario"), "hello; by=server");
});

test("tests are isolated from each other", async () => {
  const one = mock.forTest("one");
  const two = mock.forTest("two");
  await Promise.all([one.choose("empty"), two.advance(60)]);
  assert.equal((await create({}, { headers: one.headers })).headers.get("x-mock-scenario"), "empty; by=server");
  assert.equal((await one.overview()).runs, 1);
  assert.equal((await two.overview()).runs, 0);
  assert.equal((await mock.overview()).runs, 0);
  assert.notEqual((await one.clock()).now, (await two.clock()).now);
  assert.deepEqual((await mock.overview()).tests, ["one", "two"]);
});

test("the journal lists requests", async () => {
  await create({ temperature: 3 });
  await create();
  const [refused, made] = await mock.journal({ operation: "createRun" });
  assert.equal(refused.status, 400);
  assert.deepEqual(made.body, { model: "m" });
  assert.deepEqual(await mock.journal({ after: refused.number }), [made]);
});

test("a run can have a clock of its own, with its own speed", async () => {
  const run = await (await create({}, { prefer: "respond-async, clock=manual" })).json();
  await mock.advance(10);
  assert.equal(await status(run), "queued");
  assert.equal((await mock.scale(1000, { run: run.id })).speed, 1000);
  assert.equal((await mock.freeze({ run: run.id })).speed, 0);
  await mock.jump("completed", { run: run.id });
  assert.equal(await status(run), "completed");
});

test("an open stream follows the clock", async () => {
  const response = await create({ stream: true }, { prefer: "scenario=hello" });
  await mock.jump("completed");
  assert.match(await response.text(), /data: \[DONE\]\n\n$/);
});

test("a rejected control call throws the error of the mock", async () => {
  await assert.rejects(mock.choose("nope"), (error) => {
    assert.ok(error instanceof MockError);
    assert.equal(error.status, 400);
    assert.equal(error.code, "invalid_argument");
    assert.match(error.message, /there are: cancel, /);
    return true;
  });
});

test("connect controls a running mock with its token", async () => {
  const same = connect(mock.url, { token: "s3cret", test: "t" });
  assert.equal(same.url, mock.url);
  assert.ok((await same.scenarios()).scenarios.some(({ name }) => name === "hello"));
  await assert.rejects(connect(mock.origin).overview(), { status: 401 });
});

test("start explains why a mock does not start", async () => {
  await assert.rejects(start({ command, scenario: "nope" }), /no scenario/);
  await assert.rejects(start({ command: "no-such-command" }), /cannot be started/);
});

test("a mock can be stopped twice", async () => {
  const other = await start({ command, clock: "real", args: ["--create", "background"] });
  assert.equal((await other.clock()).speed, 1);
  await other.stop();
  await other.stop();
  await assert.rejects(other.overview());
});
