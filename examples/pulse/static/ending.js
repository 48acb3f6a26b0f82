// Ending a process: ask first, then say what came of it.

import { size } from "./format.js";

const $ = (id) => document.getElementById(id);
const SHOWN = 6000; // milliseconds that a message stays

// Resolves when the dialog is done; `true` if the process was asked to end.
export async function confirmAndEnd(row) {
  if (!(await confirmed(row))) return false;
  try {
    const answer = await fetch(`/api/processes/${row.pid}/end`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ started: row.started }),
    });
    const body = await answer.json();
    if (!answer.ok) toast("refused", body.error);
    else if (body.gone) toast("done", `\u201c${body.name}\u201d (${body.pid}) has ended.`);
    else toast("open", `\u201c${body.name}\u201d (${body.pid}) was asked to end, and is still running.`);
    return answer.ok;
  } catch {
    toast("refused", "Pulse does not answer: nothing was ended.");
    return false;
  }
}

function confirmed(row) {
  const dialog = $("confirm");
  $("confirm-title").textContent = `End \u201c${row.name}\u201d?`;
  $("confirm-text").textContent = "It is asked to quit. What it has not saved may be lost.";
  const facts = { PID: row.pid, User: row.user, Memory: size(row.memory), CPU: `${row.cpu.toFixed(1)}\u202f%` };
  $("confirm-facts").replaceChildren(...Object.entries(facts).map(([name, value]) => fact(name, value)));
  dialog.returnValue = "cancel";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "end"), { once: true });
  });
}

function fact(name, value) {
  const pair = document.createElement("div");
  pair.append(document.createElement("dt"), document.createElement("dd"));
  pair.firstChild.textContent = name;
  pair.lastChild.textContent = value;
  return pair;
}

function toast(kind, text) {
  const note = document.createElement("p");
  note.className = `toast ${kind}`;
  note.textContent = text;
  $("toasts").append(note);
  setTimeout(() => note.remove(), SHOWN);
}
