// Opens many event streams and checks order and content: node watch.mjs PORT PATH BODY COUNT SECONDS
// A # in the path is replaced by the number of the stream. Prints a JSON line when all streams are open, and
// one when all have ended or SECONDS have passed. The delay of an event is measured from its own timestamp.
import { connect } from "node:net";

const [port, path, body, count, seconds] = process.argv.slice(2);
const BATCH = 250;
const TIMESTAMPS = {
  "thread.run.created": "createdAt",
  "thread.run.in_progress": "startedAt",
  "thread.run.step.created": "createdAt",
  "thread.message.created": "createdAt",
  "thread.run.step.completed": "completedAt",
  "thread.run.completed": "completedAt",
};
const ORDER = Object.keys(TIMESTAMPS);

const request = (number) => [
  `POST ${path.replace("#", number)} HTTP/1.1`,
  "Host: 127.0.0.1",
  "X-Tune-Key: sk-tune-bench",
  "Content-Type: application/json",
  `Content-Length: ${Buffer.byteLength(body)}`,
  "",
  body,
].join("\r\n");

class Stream {
  constructor(number) {
    this.rest = "";
    this.seen = [];
    this.delays = [];
    this.text = "";
    this.whole = null;
    this.done = false;
    this.error = null;
    this.ended = new Promise((resolve) => { this.end = resolve; });
    this.opened = new Promise((resolve) => { this.open = resolve; });
    this.socket = connect(Number(port), "127.0.0.1", () => this.socket.write(request(number)));
    this.socket.on("data", (data) => this.read(data.toString("utf8")));
    this.socket.on("close", () => this.end());
    this.socket.on("error", (error) => { this.error ??= error.code; this.open(); });
  }

  read(text) {
    this.open();
    this.rest += text;
    const blocks = this.rest.split("\n\n");
    this.rest = blocks.pop();
    const now = Date.now();
    for (const block of blocks) {
      const name = /^event: (.*)$/m.exec(block)?.[1];
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (data === "[DONE]") { this.done = true; this.end(); } else if (name) this.take(name, JSON.parse(data), now);
    }
  }

  take(name, data, now) {
    if (name in TIMESTAMPS) {
      this.seen.push(name);
      this.delays.push(now - Date.parse(data[TIMESTAMPS[name]]));
    }
    if (name === "thread.message.delta") this.text += data.delta.content[0].text.value;
    if (name === "thread.message.completed") this.whole = data.content[0].text.value;
  }

  get complete() {
    return this.done && !this.error && this.text === this.whole && this.seen.join() === ORDER.join();
  }
}

const streams = [];
const began = performance.now();
for (let number = 0; number < Number(count); number += 1) {
  streams.push(new Stream(number));
  if (streams.length % BATCH === 0) await Promise.all(streams.slice(-BATCH).map((stream) => stream.opened));
}
await Promise.all(streams.map((stream) => stream.opened));
console.log(JSON.stringify({ opened: streams.filter((stream) => !stream.error).length }));
const timeout = new Promise((resolve) => { setTimeout(resolve, Number(seconds) * 1000); });
await Promise.race([Promise.all(streams.map((stream) => stream.ended)), timeout]);
const delays = streams.flatMap((stream) => stream.delays).sort((a, b) => a - b);
console.log(JSON.stringify({
  complete: streams.filter((stream) => stream.complete).length,
  events: delays.length,
  p50: delays[Math.floor(delays.length * 0.5)] ?? null,
  p99: delays[Math.floor(delays.length * 0.99)] ?? null,
  last: delays.at(-1) ?? null,
  seconds: (performance.now() - began) / 1000,
}));
process.exit(0);
