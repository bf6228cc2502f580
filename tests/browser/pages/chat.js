// A plain chat, as a frontend team would write it: it knows the API and nothing of a mock.
// `window.shown` records what it showed, and when.

import { events } from "./sse.js"; // the reader that docs/how-to/read-the-stream.md shows

const base = new URLSearchParams(location.search).get("base");
const headers = { "X-Tune-Key": "sk-tune-browser", "Content-Type": "application/json" };
const element = (id) => document.querySelector(`#${id}`);
const state = { thread: null, run: null, reply: null };
window.shown = [];

async function call(path, body) {
  const response = await fetch(base + path, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) });
  if (!response.ok) throw new Error(`${response.status} ${(await response.json()).message}`);
  return response;
}

function show(status) {
  element("status").textContent = status;
  window.shown.push({ status, at: performance.now() });
}

function say(role, text) {
  const item = document.createElement("li");
  item.className = role;
  item.textContent = text;
  element("messages").append(item);
  return item;
}

function grow(delta) {
  state.reply ??= say("assistant", "");
  state.reply.textContent += delta.content.map((piece) => piece.text.value).join("");
  window.shown.push({ length: state.reply.textContent.length, at: performance.now() });
}

function ask({ submitToolOutputs }) {
  const [wanted] = submitToolOutputs.toolCalls;
  element("call").textContent = `${wanted.function.name}(${wanted.function.arguments})`;
  element("tool").dataset.id = wanted.id;
  element("tool").hidden = false;
}

async function follow(response) {
  try {
    await read(response);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    await recover();
  }
}

// The connection broke. The run continues, so poll it until it has ended, then read its messages.
async function recover() {
  show("reconnecting");
  const waiting = ["queued", "in_progress", "cancelling"];
  const path = `/threads/${state.thread.id}`;
  do {
    await new Promise((resolve) => setTimeout(resolve, 200));
    state.run = await (await call(`${path}/runs/${state.run.id}`)).json();
  } while (waiting.includes(state.run.status));
  const { data } = await (await call(`${path}/messages?order=desc&limit=1`)).json();
  state.reply ??= say("assistant", "");
  state.reply.textContent = data[0].content[0].text.value;
  show(state.run.status);
}

async function read(response) {
  for await (const { event, data } of events(response)) {
    if (data === "[DONE]") return window.shown.push({ done: true, at: performance.now() });
    const told = JSON.parse(data);
    if (event === "thread.message.delta") grow(told.delta);
    if (told.object === "run") {
      state.run = told;
      show(told.status);
      if (told.status === "requires_action") ask(told.requiredAction);
    }
  }
}

// Whatever goes wrong is seen where the status stands.
const guarded = (action) => (event) => {
  event.preventDefault();
  action().catch((error) => show(`error: ${error.message}`));
};

element("ask").addEventListener("submit", guarded(async () => {
  const content = element("words").value;
  element("words").value = "";
  say("user", content);
  state.reply = null;
  state.thread ??= await (await call("/threads", { title: "From a browser" })).json();
  await call(`/threads/${state.thread.id}/messages`, { role: "user", content });
  await follow(await call(`/threads/${state.thread.id}/runs`, { model: "meta/llama-3.1-8b-instruct", stream: true }));
}));

element("stop").addEventListener("click", guarded(() => call(`/threads/${state.thread.id}/runs/${state.run.id}/cancel`, {})));

element("tool").addEventListener("submit", guarded(async () => {
  element("tool").hidden = true;
  const toolOutputs = [{ toolCallId: element("tool").dataset.id, output: element("output").value }];
  const path = `/threads/${state.thread.id}/runs/${state.run.id}/submit_tool_outputs`;
  await follow(await call(path, { toolOutputs, stream: true }));
}));
