// Numbers as people read them. `[number, unit]` where the two are set in different sizes.

const BINARY = ["B", "KiB", "MiB", "GiB", "TiB"];
const DECIMAL = ["B/s", "kB/s", "MB/s", "GB/s", "TB/s"];

// Three digits that matter: 9.41, 52.3, 680.
function scaled(value, base, units) {
  let step = 0;
  while (value >= base * 0.9995 && step < units.length - 1) {
    value /= base;
    step += 1;
  }
  const places = step === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return [value.toFixed(places), units[step]];
}

export const sizeParts = (bytes) => scaled(bytes, 1024, BINARY);
export const rateParts = (bytes) => scaled(bytes, 1000, DECIMAL);
export const size = (bytes) => sizeParts(bytes).join("\u202f");
export const rate = (bytes) => rateParts(bytes).join("\u202f");

// A label on a scale: 50 kB/s, not 50.0 kB/s.
export const roundRate = (bytes) => rateParts(bytes).map((part, i) => (i ? part : String(+part))).join("\u202f");

export const percent = (share) => `${share < 9.95 ? share.toFixed(1) : Math.round(share)}\u202f%`;

export function duration(seconds) {
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (days) return `${days} d ${hours % 24} h`;
  if (hours) return `${hours} h ${minutes % 60} min`;
  return `${minutes} min`;
}

export function ago(seconds) {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s ago` : `${Math.floor(whole / 60)} min ${whole % 60} s ago`;
}

// The scale that holds a rate: the next of 1, 2, 5, 10, 20, 50 ... and never below 10 kB/s, where noise lives.
export function ceiling(value) {
  const wanted = Math.max(value * 1.08, 10_000);
  const power = 10 ** Math.floor(Math.log10(wanted));
  return [1, 2, 5, 10].map((step) => step * power).find((top) => top >= wanted);
}
