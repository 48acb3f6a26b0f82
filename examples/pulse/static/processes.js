// The table of processes. However many there are, only the rows in view exist, and a refresh only changes their text:
// so the scroll position, the selection and the keyboard's focus stay where they are.

import { size } from "./format.js";

const REFRESH = 2000; // milliseconds
const SECOND_LOOK = 1100; // the server knows how busy a process is from its second look on, a second after the first
const ROW = 32; // pixels; the style sheet has the same
const SPARE = 6; // rows above and below the view, so that scrolling shows no gap

const $ = (id) => document.getElementById(id);
const COLUMNS = ["name", "pid", "user", "cpu", "memory", "threads", "state"];
const LARGE_FIRST = new Set(["cpu", "memory", "threads"]);

// A PID is given again after its process is gone; with the start time it is one process's alone.
const key = (row) => `${row.pid}@${row.started}`;

function cellText(row, column) {
  if (column === "cpu") return row.cpu.toFixed(1);
  if (column === "memory") return row.memory ? size(row.memory) : "\u2013";
  return String(row[column]);
}

export class Processes {
  #all = [];
  #shown = [];
  #sort = "cpu";
  #descending = true;
  #selected = null;
  #selectedAt = -1;
  #asked = null;
  #timer;
  #read = 0; // when the list was read
  #onEnd;

  // onEnd(row): the user asks to end the selected process.
  constructor(onEnd) {
    this.#onEnd = onEnd;
    for (const head of document.querySelectorAll("th[data-sort]")) {
      head.querySelector("button").addEventListener("click", () => this.#sortBy(head.dataset.sort));
    }
    $("filter").addEventListener("input", () => this.#show());
    $("scroller").addEventListener("scroll", () => this.#paint(), { passive: true });
    $("rows").addEventListener("pointerdown", (event) => this.#pick(event.target.closest("tr")?.dataset.at));
    $("table").addEventListener("keydown", (event) => this.#press(event));
    $("end").addEventListener("click", () => this.#askToEnd());
    addEventListener("keydown", (event) => this.#shortcut(event));
    new ResizeObserver(() => this.#paint()).observe($("scroller"));
    document.addEventListener("visibilitychange", () => document.hidden || this.refresh());
    this.#markSort();
    this.refresh();
  }

  async refresh() {
    clearTimeout(this.#timer);
    this.#asked?.abort();
    const asked = (this.#asked = new AbortController());
    const order = this.#descending ? "desc" : "asc";
    const pause = this.#read ? REFRESH : SECOND_LOOK;
    try {
      const answer = await fetch(`/api/processes?sort=${this.#sort}&order=${order}`, { signal: asked.signal });
      if (!answer.ok) throw new Error(answer.statusText);
      this.#all = await answer.json();
      this.#read = Date.now();
      this.#show();
    } catch (error) {
      if (error.name === "AbortError") return; // a newer question is under way
      this.#say(this.#read ? "Not up to date; trying again" : "No answer yet; trying again");
    }
    if (!document.hidden) this.#timer = setTimeout(() => this.refresh(), pause);
  }

  focus() {
    $("table").focus({ preventScroll: true });
  }

  #sortBy(column) {
    this.#descending = column === this.#sort ? !this.#descending : LARGE_FIRST.has(column);
    this.#sort = column;
    this.#markSort();
    $("scroller").scrollTop = 0;
    this.refresh();
  }

  #markSort() {
    for (const head of document.querySelectorAll("th[data-sort]")) {
      if (head.dataset.sort !== this.#sort) head.removeAttribute("aria-sort");
      else head.setAttribute("aria-sort", this.#descending ? "descending" : "ascending");
    }
  }

  #show() {
    const wanted = $("filter").value.trim().toLowerCase();
    this.#shown = this.#all.filter(
      (row) => !wanted || `${row.name}\n${row.user}\n${row.pid}`.toLowerCase().includes(wanted),
    );
    this.#selectedAt = this.#shown.findIndex((row) => key(row) === this.#selected);
    if (!this.#all.some((row) => key(row) === this.#selected)) this.#selected = null;
    $("end").disabled = this.#selectedAt < 0;
    $("nothing").hidden = this.#shown.length > 0;
    $("nothing").textContent = `No process matches \u201c${$("filter").value.trim()}\u201d.`;
    this.#say(wanted ? `${this.#shown.length} of ${this.#all.length}` : String(this.#all.length));
    this.#paint();
  }

  #say(text) {
    if ($("count").textContent !== text) $("count").textContent = text;
  }

  // Fill the rows in view; two spacers stand for those above and below.
  #paint() {
    const scroller = $("scroller");
    const first = Math.max(Math.floor(scroller.scrollTop / ROW) - SPARE, 0);
    const room = Math.ceil(scroller.clientHeight / ROW) + 2 * SPARE;
    const last = Math.min(first + room, this.#shown.length);
    const body = $("rows");
    while (body.rows.length > last - first + 2) body.deleteRow(1);
    while (body.rows.length < last - first + 2) body.insertBefore(makeRow(body.rows.length), body.lastChild);
    body.rows[0].firstChild.style.height = `${first * ROW}px`;
    body.lastChild.firstChild.style.height = `${(this.#shown.length - last) * ROW}px`;
    for (let at = first; at < last; at += 1) this.#fill(body.rows[at - first + 1], at);
    const table = $("table");
    table.setAttribute("aria-rowcount", this.#shown.length + 1);
    const inView = this.#selectedAt >= first && this.#selectedAt < last;
    if (inView) table.setAttribute("aria-activedescendant", body.rows[this.#selectedAt - first + 1].id);
    else table.removeAttribute("aria-activedescendant");
  }

  #fill(element, at) {
    const row = this.#shown[at];
    element.dataset.at = at;
    element.setAttribute("aria-rowindex", at + 2);
    element.setAttribute("aria-selected", at === this.#selectedAt);
    COLUMNS.forEach((column, i) => {
      const text = cellText(row, column);
      const label = element.cells[i].lastChild;
      if (label.textContent !== text) label.textContent = text;
    });
    element.cells[COLUMNS.indexOf("cpu")].style.setProperty("--share", Math.min(row.cpu / 100, 1));
    element.classList.toggle("idle", row.cpu < 0.05);
  }

  #pick(at) {
    if (at === undefined) return;
    this.#select(Number(at));
  }

  #select(at) {
    this.#selected = this.#shown.length ? key(this.#shown[at]) : null;
    this.#selectedAt = this.#shown.length ? at : -1;
    $("end").disabled = this.#selectedAt < 0;
    this.#paint();
  }

  #press(event) {
    if (event.target !== $("table")) return; // a heading's button
    const page = Math.floor($("scroller").clientHeight / ROW) - 2;
    const end = this.#shown.length - 1;
    const at = this.#selectedAt;
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: end };
    if (event.key in moves) {
      this.#select(Math.max(Math.min(moves[event.key], end), 0));
      this.#reveal();
    } else if (event.key === "Delete" || event.key === "Enter") this.#askToEnd();
    else return;
    event.preventDefault();
  }

  #shortcut(event) {
    const filter = $("filter");
    if (event.key === "/" && event.target !== filter && !document.querySelector("dialog[open]")) {
      event.preventDefault();
      filter.select();
    } else if (event.key === "Escape" && event.target === filter) {
      filter.value = "";
      this.#show();
    }
  }

  // Scroll just so far that the selected row is wholly in view, below the heading.
  #reveal() {
    const scroller = $("scroller");
    const top = this.#selectedAt * ROW;
    const room = scroller.clientHeight - ROW;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (top + ROW > scroller.scrollTop + room) scroller.scrollTop = top + ROW - room;
  }

  #askToEnd() {
    if (this.#selectedAt >= 0) this.#onEnd(this.#shown[this.#selectedAt]);
  }
}

function makeRow(number) {
  const element = document.createElement("tr");
  element.id = `row-${number}`;
  for (const column of COLUMNS) {
    const cell = element.insertCell();
    cell.className = document.querySelector(`th[data-sort="${column}"]`).className;
    cell.append(document.createTextNode(""));
  }
  return element;
}
