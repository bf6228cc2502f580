// How does a test start a mock? Needs Node.js; `control.js` alone also works in browsers.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { Mock } from "./control.js";

export { connect, Mock, MockError } from "./control.js";

const ADDRESS = /\bhttps?:\/\/\S+\/v1\b/;

/** A mock that runs in a child process. */
export class StartedMock extends Mock {
  #process;

  constructor(url, process, options) {
    super(url, options);
    this.#process = process;
  }

  /** Stop the process. Open streams end. */
  async stop() {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#process.kill();
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), 5000);
    await ended;
    clearTimeout(timer);
  }

  [Symbol.asyncDispose]() {
    return this.stop();
  }
}

/** Start a mock on a free port and wait until it listens. */
export async function start(options = {}) {
  const { command = "tune-mock", timeout = 30_000, controlToken } = options;
  const [program, ...prefix] = [command].flat();
  const child = spawn(program, [...prefix, ...commandLine(options)], { stdio: ["ignore", "pipe", "pipe"] });
  const kill = () => child.kill();
  process.once("exit", kill);
  child.once("exit", () => process.off("exit", kill));
  return new StartedMock(await address(child, program, timeout), child, { token: controlToken });
}

function commandLine({ port = 0, scenario, seed, speed, clock = "manual", create, controlToken, args = [] }) {
  const named = {
    port,
    scenario,
    seed,
    speed,
    clock,
    create,
    "control-token": controlToken,
  };
  const given = Object.entries(named).filter(([, value]) => value !== undefined);
  return ["--quiet", ...given.map(([name, value]) => `--${name}=${value}`), ...args];
}

// The mock prints its address when it listens. Its output is read to the end, because a full pipe would block it.
function address(child, program, timeout) {
  return new Promise((resolve, reject) => {
    let printed = "";
    let errors = "";
    const fail = (reason) => {
      clearTimeout(timer);
      child.kill();
      reject(new Error(`${program}: ${errors.trim() || reason}`));
    };
    const timer = setTimeout(fail, timeout, `did not listen within ${timeout} ms`);
    child.once("error", (error) => fail(`cannot be started (${error.message}); set the option command`));
    const ended = (code) => fail(`ended with exit code ${code}`);
    child.once("close", ended);
    child.stderr.setEncoding("utf8").on("data", (text) => (errors = (errors + text).slice(-2000)));
    child.stdout.setEncoding("utf8").on("data", (text) => {
      if (printed === undefined) return;
      printed += text;
      const found = ADDRESS.exec(printed);
      if (!found) return;
      printed = undefined;
      clearTimeout(timer);
      child.off("close", ended);
      resolve(found[0]);
    });
  });
}
