// Follows a stream of events and prints each as a line of JSON: `node follow.js URL`.
import { EventSource } from "eventsource";

const source = new EventSource(process.argv[2]);
for (const type of ["tick", "reset"]) {
  source.addEventListener(type, ({ type, data, lastEventId }) => console.log(JSON.stringify({ type, data, lastEventId })));
}
source.addEventListener("open", () => console.log(JSON.stringify({ type: "open" })));
