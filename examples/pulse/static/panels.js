// The three instruments: numerals, curves and what stands under them. Pointing at a curve shows that moment in all.

import { drawCores, drawCurves, momentAt } from "./chart.js";
import { ago, ceiling, percent, rate, rateParts, roundRate, size, sizeParts } from "./format.js";

const SHORTEST = 30; // seconds: a fresh start shows this much, and doubles it until the whole span is there

const $ = (id) => document.getElementById(id);
const nearest = (times, time) =>
  times.reduce((best, one, i) => (Math.abs(one - time) < Math.abs(times[best] - time) ? i : best), 0);

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// A large numeral with its unit.
function setFigure(element, [number, unit], label) {
  const [large, small, name] = element.children;
  setText(large, number);
  setText(small, unit);
  setText(name, label);
}

export class Panels {
  #machine;
  #samples = [];
  #cursor = null; // the moment under the pointer, in server time
  #plots = ["cpu-plot", "memory-plot", "network-plot", "cores"].map($);

  constructor(machine) {
    this.#machine = machine;
    for (const plot of this.#plots) {
      plot.addEventListener("pointermove", (event) => this.#point(momentAt(plot, event.clientX, this.#axis())));
      plot.addEventListener("pointerleave", () => this.#point(null));
    }
    new ResizeObserver(() => this.draw()).observe($("metrics"));
    document.addEventListener("themechange", () => this.draw());
    document.addEventListener("visibilitychange", () => this.draw());
  }

  // Begin with the server's history, or fill with it what was missed while the stream was down. A server that has
  // started anew knows less than the page does: what is older than its history stays.
  restore(history) {
    const since = history[0]?.time ?? Infinity;
    this.#samples = this.#samples.filter((one) => one.time < since);
    history.forEach((sample) => this.#keep(sample));
    this.draw();
  }

  add(sample) {
    this.#keep(sample);
    this.draw();
  }

  #keep(sample) {
    if (sample.time <= (this.#samples.at(-1)?.time ?? 0)) return;
    this.#samples.push(sample);
    while (this.#samples[0].time < sample.time - this.#machine.span - 1) this.#samples.shift();
  }

  draw() {
    if (document.hidden) return;
    const axis = this.#axis();
    this.#drawProcessor(axis);
    this.#drawMemory(axis);
    this.#drawNetwork(axis);
    if (!this.#samples.length) return;
    const at = axis.cursor ?? this.#samples.length - 1;
    this.#write(this.#samples[at], axis.cursor === null ? null : ago(axis.now - axis.times[at]));
  }

  #point(time) {
    if (this.#cursor === time) return;
    this.#cursor = time;
    this.draw();
  }

  #axis() {
    const times = this.#samples.map((one) => one.time);
    const now = times.at(-1) ?? 0;
    let span = SHORTEST;
    while (span < Math.min(now - times[0], this.#machine.span)) span *= 2;
    const cursor = this.#cursor === null || !times.length ? null : nearest(times, this.#cursor);
    return { times, now, span, cursor, interval: this.#machine.interval };
  }

  #shares(read, top) {
    return this.#samples.map((one) => read(one) / top);
  }

  #drawProcessor(axis) {
    drawCurves($("cpu-plot"), [{ shares: this.#shares((one) => one.cpu, 100) }], ["100\u202f%", "50\u202f%"], axis);
    drawCores($("cores"), this.#samples, this.#machine.cores, axis);
  }

  #drawMemory(axis) {
    const { memory_total: total, swap_total: swap } = this.#machine;
    const lines = [{ shares: this.#shares((one) => one.memory_used, total) }];
    if (swap) lines.push({ shares: this.#shares((one) => one.swap_used, swap), dashed: true });
    drawCurves($("memory-plot"), lines, [size(total), size(total / 2)], axis);
  }

  #drawNetwork(axis) {
    const top = ceiling(this.#peak());
    const lines = [
      { shares: this.#shares((one) => one.down, top) },
      { shares: this.#shares((one) => one.up, top), dashed: true },
    ];
    drawCurves($("network-plot"), lines, [roundRate(top), roundRate(top / 2)], axis);
  }

  #peak() {
    return Math.max(...this.#samples.map((one) => Math.max(one.down, one.up)));
  }

  // when: how long ago the sample was, or null for the newest.
  #write(sample, when) {
    const { memory_total: total, swap_total: swap, cores } = this.#machine;
    const cache = Math.max(total - sample.memory_used - sample.memory_free, 0);
    const used = (100 * sample.memory_used) / total;
    document.body.toggleAttribute("data-past", when !== null);
    setFigure($("cpu"), [sample.cpu.toFixed(sample.cpu < 99.95 ? 1 : 0), "%"], when ?? "in use");
    setText($("cpu-aside"), `${cores} ${cores === 1 ? "core" : "cores"} \u00b7 load ${sample.load[0].toFixed(2)}`);
    setFigure($("memory"), sizeParts(sample.memory_used), when ?? `of ${size(total)}`);
    setText($("memory-aside"), `${percent(used)} in use`);
    setFigure($("down"), rateParts(sample.down), "down");
    setFigure($("up"), rateParts(sample.up), "up");
    setText($("network-aside"), when ?? `peak ${rate(this.#peak())}`);
    $("split-used").style.width = `${used}%`;
    $("split-cache").style.width = `${(100 * cache) / total}%`;
    setText($("memory-cache"), size(cache));
    setText($("memory-free"), size(sample.memory_free));
    setText($("swap"), swap ? `${size(sample.swap_used)} of ${size(swap)}` : "none");
    setText($("received"), size(sample.received));
    setText($("sent"), size(sample.sent));
  }
}
