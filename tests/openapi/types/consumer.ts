// A client that uses the generated types as a frontend does. It is compiled, but never run. A field with a missing
// or wrong type in the document is a compile error here.
import type { components, operations } from "#openapi";

type Schemas = components["schemas"];

// --- No field is `any`, and only free-form fields are `unknown`. ---

type IsAny<T> = 0 extends 1 & T ? true : false;
type IsUnknown<T> = IsAny<T> extends true ? false : unknown extends T ? true : false;
type Named<T> = { [K in keyof T as string extends K ? never : K]: T[K] };

/** The paths of the fields that are `any` or `unknown`, up to five levels deep. `never` if there are none. */
type Vague<T, Path extends string = "", Depth extends 0[] = []> = IsAny<T> extends true
  ? `${Path}: any`
  : IsUnknown<T> extends true
    ? `${Path}: unknown`
    : Depth["length"] extends 5
      ? never
      : T extends readonly (infer Item)[]
        ? Vague<Item, `${Path}[]`, [...Depth, 0]>
        : T extends object
          ? { [K in keyof Named<T> & string]-?: Vague<Named<T>[K], `${Path}.${K}`, [...Depth, 0]> }[keyof Named<T> & string]
          : never;

// ServerSentEvent is left out: RunStreamEvent describes the data of its events.
export const nothingIsVague: Vague<Omit<Schemas, "ServerSentEvent">> extends never ? true : Vague<Omit<Schemas, "ServerSentEvent">> = true;

// The check finds fields that are vague.
export const anyIsSeen: Vague<{ a: { b: any }[] }> = ".a[].b: any";
export const unknownIsSeen: Vague<{ a?: unknown }> = ".a: unknown";
export const aFreeObjectIsNotVague: Vague<{ a: { [key: string]: unknown } }> extends never ? true : false = true;

// --- The code of a frontend compiles. ---

export const request: Schemas["CreateRunRequest"] = {
  model: "meta/llama-3.1-8b-instruct",
  assistantId: "",
  instructions: "Answer in one sentence.",
  additionaInstructions: "Give temperatures in Celsius.",
  tools: [{ type: "function", function: { name: "get_weather", parameters: { type: "object" } } }],
  metadata: { ticket: "4711" },
  temperature: 0.2,
  topP: 0.9,
  stream: true,
  maxPromptTokens: 4000,
  maxCompletionTokens: 200,
  truncationStrategy: { type: "last_messages", lastMessages: 10 },
};

export const thread: Schemas["CreateThreadRequest"] = {
  title: "Three days in Lisbon",
  messages: [{ role: "user", content: "What will the weather be?" }],
  metadata: { ticket: "4711" },
};

export const parts: Schemas["CreateMessageRequest"] = { role: "user", content: [{ type: "text", text: "Hello" }] };

export function describe(run: Schemas["Run"]): string {
  const calls: Schemas["ToolCall"][] = run.requiredAction?.submitToolOutputs?.toolCalls ?? [];
  const tokens: number = run.usage?.totalTokens ?? 0;
  const ticket: unknown = run.metadata?.["ticket"];
  const ended: string | null | undefined = run.completedAt ?? run.failedAt ?? run.cancelledAt;
  switch (run.status) {
    case "requires_action":
      return calls.map((call) => `${call.function.name}(${call.function.arguments})`).join();
    case "failed":
      return `${run.lastError?.code}: ${run.lastError?.message}`;
    case "queued":
    case "in_progress":
    case "cancelling":
      return `since ${run.startedAt ?? run.createdAt}, until ${run.expiresAt}`;
    case "cancelled":
    case "completed":
    case "expired":
      return `${run.model} ended ${ended} after ${tokens} tokens for ${ticket}`;
    default: {
      const nothing: never = run.status;
      return nothing;
    }
  }
}

export function words(message: Schemas["Message"]): string {
  return (message.content ?? [])
    .map(({ text }) => (typeof text === "string" ? text : text?.value ?? ""))
    .join("");
}

export function apply(event: Schemas["RunStreamEvent"], said: string): string {
  switch (event.event) {
    case "thread.message.delta":
      return said + event.data.delta.content.map((piece) => piece.text.value).join("");
    case "thread.run.failed":
      return describe(event.data);
    case "thread.run.step.delta":
      return event.data.delta.stepDetails.toolCalls.map((call) => call.function?.arguments ?? "").join("");
    case "error":
      return event.data.message;
    default:
      return said;
  }
}

export type Page = operations["listRuns"]["responses"][200]["content"]["application/json"];
export const next = (page: Page): string | null | undefined => (page.hasMore ? page.lastId : null);
export const query: NonNullable<operations["listRuns"]["parameters"]["query"]> = { limit: 20, order: "asc", after: "run_1" };

// --- Wrong code does not compile. ---

// @ts-expect-error a run requires a model
export const nameless: Schemas["CreateRunRequest"] = { stream: true };
// @ts-expect-error the name on the wire lacks the second "l"
export const misspelt: Schemas["CreateRunRequest"] = { model: "a/b", additionalInstructions: "" };
// @ts-expect-error `done` is not a status
export const done = (run: Schemas["Run"]): boolean => run.status === "done";
// @ts-expect-error the order is `asc` or `desc`
export const upwards: NonNullable<operations["listRuns"]["parameters"]["query"]> = { order: "up" };
