// Pulse's page: one stream of samples for the instruments, one table that asks for itself.

import { confirmAndEnd } from "./ending.js";
import { duration } from "./format.js";
import { Panels } from "./panels.js";
import { Processes } from "./processes.js";

const RETRY = 2000; // milliseconds
const SILENCE = 6000; // milliseconds without a sample after which the stream counts as lost

const $ = (id) => document.getElementById(id);
const LINK = { connecting: "Connecting", live: "Live", lost: "Reconnecting" };
const wait = (time) => new Promise((resolve) => setTimeout(resolve, time));

function setLink(state) {
  if (document.body.dataset.link === state) return;
  document.body.dataset.link = state;
  $("link").textContent = LINK[state];
}

async function get(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

async function getUntilAnswered(path) {
  for (;;) {
    try {
      return await get(path);
    } catch {
      setLink("lost");
      await wait(RETRY);
    }
  }
}

// The stream, opened anew whenever it ends or falls silent. Each opening fetches the history: the past of a page
// just loaded, and what another one has missed.
function listen(panels) {
  const stream = new EventSource("/api/events");
  let watchdog;
  const lost = () => {
    clearTimeout(watchdog);
    stream.close();
    setLink("lost");
    setTimeout(() => listen(panels), RETRY);
  };
  const received = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(lost, SILENCE);
  };
  stream.addEventListener("open", async () => {
    received();
    panels.restore(await getUntilAnswered("/api/history"));
  });
  stream.addEventListener("sample", (event) => {
    received();
    setLink("live");
    panels.add(JSON.parse(event.data));
  });
  stream.addEventListener("error", lost);
}

function describe(machine) {
  const up = () => {
    $("machine").textContent = `${machine.host} \u00b7 ${machine.system} \u00b7 up ${duration(Date.now() / 1000 - machine.booted)}`;
  };
  up();
  setInterval(up, 60_000);
}

const processes = new Processes(async (row) => {
  if (await confirmAndEnd(row)) processes.refresh();
  processes.focus();
});
const machine = await getUntilAnswered("/api/machine");
describe(machine);
listen(new Panels(machine));
