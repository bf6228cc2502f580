// What does the documentation's JavaScript reader make of live streams, and which bytes were they?
// Standard input: a list of requests to fetch. Standard output: for each, its bytes (base64) and its events.
import { pathToFileURL } from "node:url";

const { events } = await import(pathToFileURL(process.argv[2]));
const requests = JSON.parse(await new Response(process.stdin).text());

async function read({ url, init }) {
  const response = await fetch(url, init);
  const copy = response.clone().arrayBuffer();
  const found = [];
  for await (const event of events(response)) found.push([event.event, event.data]);
  return { bytes: Buffer.from(await copy).toString("base64"), events: found };
}

console.log(JSON.stringify(await Promise.all(requests.map(read))));
