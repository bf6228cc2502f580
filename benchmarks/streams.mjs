// Opens many event streams at once and measures first and last event: node streams.mjs PORT PATH BODY COUNT
// A # in the path is replaced by the number of the stream, because a thread has only one active run.
// It uses sockets, because an HTTP client would be slower than the servers.
import { connect } from "node:net";

const [port, path, body, count] = process.argv.slice(2);
const request = (number) => [
  `POST ${path.replace("#", number)} HTTP/1.1`,
  "Host: 127.0.0.1",
  "X-Tune-Key: sk-tune-bench",
  "Accept: text/event-stream",
  "Content-Type: application/json",
  `Content-Length: ${Buffer.byteLength(body)}`,
  "Connection: close",
  "",
  body,
].join("\r\n");

function stream(_, number) {
  return new Promise((resolve) => {
    const seen = { first: null, last: null, chunks: 0, status: null, tail: "" };
    let head = "";
    const socket = connect(Number(port), "127.0.0.1", () => socket.write(request(number)));
    const ended = () => resolve(seen);
    socket.on("data", (chunk) => {
      let text = chunk.toString("latin1");
      if (seen.first === null) {
        head += text;
        const end = head.indexOf("\r\n\r\n");
        if (end < 0 || head.length === end + 4) return;
        seen.status = Number(head.slice(9, 12));
        seen.first = performance.now() - began;
        text = head.slice(end + 4);
      }
      seen.chunks += 1;
      seen.last = performance.now() - began;
      seen.tail = (seen.tail + text).slice(-40);
    });
    socket.on("end", ended);
    socket.on("error", ended);
  });
}

const began = performance.now();
const all = await Promise.all(Array.from({ length: Number(count) }, stream));
const firsts = all.map((seen) => seen.first).filter((first) => first !== null).sort((a, b) => a - b);
const at = (share) => firsts[Math.min(firsts.length - 1, Math.floor(firsts.length * share))] ?? null;
console.log(JSON.stringify({
  answered: firsts.length,
  accepted: all.filter((seen) => seen.status === 200).length,
  done: all.filter((seen) => seen.tail.includes("data: [DONE]")).length,
  p50: at(0.5),
  p99: at(0.99),
  seconds: Math.max(...all.map((seen) => seen.last ?? 0)) / 1000,
  chunks: all.reduce((sum, seen) => sum + seen.chunks, 0) / all.length,
}));
