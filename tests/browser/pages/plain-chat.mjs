// A plain chat frontend, as several exist: no stream, no polling, undocumented fields.
// It posts a message, creates a run and reads the thread's messages as soon as the run's answer is there.

const [base, words] = process.argv.slice(2);
const headers = { "x-tune-key": "sk-tune-plain", "Content-Type": "application/json" };

async function call(method, path, body) {
  const response = await fetch(base + path, { method, headers, body: body && JSON.stringify(body) });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

const thread = await call("POST", "/threads", {
  title: "Plain",
  datasetId: "",
  assistantId: "",
  fileIds: [],
  messages: [{ role: "system", content: "You are kind." }],
});
const threadId = thread.id;
await call("POST", `/threads/${threadId}/messages`, {
  role: "user",
  content: [{ type: "text", text: words }],
  threadId,
  runId: "",
  assistantId: "",
  fileIds: [],
});
const run = await call("POST", `/threads/${threadId}/runs`, {
  model: "meta/llama-3.1-8b-instruct",
  threadId,
  assistantId: "",
  stream: false,
});
const messages = await call("GET", `/threads/${threadId}/messages`);
const threads = await call("GET", "/threads?limit=1000&datasetId=");
console.log(JSON.stringify({ thread, run, messages: messages.data, threads: threads.data }));
