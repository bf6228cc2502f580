// What does the documentation's JavaScript reader make of given chunks?
// Standard input: a list of streams, each a list of chunks (base64). Standard output: the events of each.
import { pathToFileURL } from "node:url";

const { events } = await import(pathToFileURL(process.argv[2]));
const streams = JSON.parse(await new Response(process.stdin).text());

async function read(chunks) {
  const body = new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(Buffer.from(chunk, "base64"));
      controller.close();
    },
  });
  const found = [];
  for await (const event of events(new Response(body))) found.push([event.event, event.data]);
  return found;
}

console.log(JSON.stringify(await Promise.all(streams.map(read))));
