// Opens many event streams and holds each to what a stream must be: node watch.mjs PORT PATH BODY COUNT SECONDS
// A # in the path is the stream's number. Prints one JSON line; the streams still open after SECONDS are left then.
// How late an event is follows from the instants inside it: the mock's clock is the machine's.
import { connect } from "node:net";

const [port, path, body, count, seconds] = process.argv.slice(2);
const BATCH = 250;
const INSTANTS = {
  "thread.run.created": "createdAt",
  "thread.run.in_progress": "startedAt",
  "thread.run.step.created": "createdAt",
  "thread.message.created": "createdAt",
  "thread.run.step.completed": "completedAt",
  "thread.run.completed": "completedAt",
};
const ORDER = Object.keys(INSTANTS);

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
    this.late = [];
    this.said = "";
    this.whole = null;
    this.done = false;
    this.wrong = null;
    this.ended = new Promise((resolve) => { this.end = resolve; });
    this.opened = new Promise((resolve) => { this.open = resolve; });
    this.socket = connect(Number(port), "127.0.0.1", () => this.socket.write(request(number)));
    this.socket.on("data", (data) => this.read(data.toString("utf8")));
    this.socket.on("close", () => this.end());
    this.socket.on("error", (error) => { this.wrong ??= error.code; this.open(); });
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
    if (name in INSTANTS) {
      this.seen.push(name);
      this.late.push(now - Date.parse(data[INSTANTS[name]]));
    }
    if (name === "thread.message.delta") this.said += data.delta.content[0].text.value;
    if (name === "thread.message.completed") this.whole = data.content[0].text.value;
  }

  get complete() {
    return this.done && !this.wrong && this.said === this.whole && this.seen.join() === ORDER.join();
  }
}

const streams = [];
const began = performance.now();
for (let number = 0; number < Number(count); number += 1) {
  streams.push(new Stream(number));
  if (streams.length % BATCH === 0) await Promise.all(streams.slice(-BATCH).map((stream) => stream.opened));
}
await Promise.all(streams.map((stream) => stream.opened));
console.log(JSON.stringify({ opened: streams.filter((stream) => !stream.wrong).length }));
const patience = new Promise((resolve) => { setTimeout(resolve, Number(seconds) * 1000); });
await Promise.race([Promise.all(streams.map((stream) => stream.ended)), patience]);
const late = streams.flatMap((stream) => stream.late).sort((a, b) => a - b);
console.log(JSON.stringify({
  complete: streams.filter((stream) => stream.complete).length,
  events: late.length,
  p50: late[Math.floor(late.length * 0.5)] ?? null,
  p99: late[Math.floor(late.length * 0.99)] ?? null,
  last: late.at(-1) ?? null,
  seconds: (performance.now() - began) / 1000,
}));
process.exit(0);
