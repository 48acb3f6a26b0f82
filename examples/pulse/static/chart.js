// Curves over time on a canvas: drawn once a sample, sharp on every screen.

const INSET = { top: 14, right: 16, bottom: 5 };
const GAP = 3.5; // seconds without a sample that break the curve

// Give the canvas as many pixels as the screen has, and a context that counts in CSS pixels.
function prepare(canvas) {
  const { width, height } = canvas.getBoundingClientRect();
  const ratio = devicePixelRatio || 1;
  const [columns, lines] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== columns || canvas.height !== lines) Object.assign(canvas, { width: columns, height: lines });
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  const style = getComputedStyle(canvas);
  pen.font = `11px ${style.fontFamily}`;
  return { pen, width, height, colour: (name) => style.getPropertyValue(name).trim() };
}

// Where a moment lies: now at the right inset, the span's beginning at the left edge.
const across = (axis, width) => (time) => (1 - (axis.now - time) / axis.span) * (width - INSET.right);

// The moments with a gridline, in seconds before now.
const verticals = (axis) => [axis.span / 3, (axis.span * 2) / 3];

// Which moment lies under a pointer; null right of now.
export function momentAt(canvas, clientX, axis) {
  const { left, width } = canvas.getBoundingClientRect();
  const time = axis.now - (1 - (clientX - left) / (width - INSET.right)) * axis.span;
  return time > axis.now ? null : time;
}

// lines: [{values, dashed}], values from 0 to top; ticks: [[value, label]]; axis: {times, now, span, cursor}.
export function drawCurves(canvas, lines, top, ticks, axis) {
  const { pen, width, height, colour } = prepare(canvas);
  const x = across(axis, width);
  const room = height - INSET.top - INSET.bottom;
  const y = (value) => INSET.top + room * (1 - Math.min(value, top) / top);
  drawGrid(pen, width, height, x, y, ticks, axis, colour);
  drawLabels(pen, x, y, ticks, axis, colour, parseFloat(colour("--pad")));
  const accent = colour("--accent");
  for (const { values, dashed } of lines) {
    for (const run of runs(axis.times, values, x, y)) {
      if (!dashed) fillUnder(pen, run, height, accent, colour("--under"));
      pen.strokeStyle = accent;
      pen.lineWidth = dashed ? 1.25 : 1.75;
      pen.setLineDash(dashed ? [4, 3] : []);
      pen.lineJoin = pen.lineCap = "round";
      pen.beginPath();
      trace(pen, run);
      pen.stroke();
    }
  }
  pen.setLineDash([]);
  markMoment(pen, lines, x, y, height, axis, accent, colour);
}

function drawGrid(pen, width, height, x, y, ticks, axis, colour) {
  pen.strokeStyle = colour("--grid");
  pen.lineWidth = 1;
  pen.beginPath();
  for (const [value] of ticks) {
    const line = Math.floor(y(value)) + 0.5;
    pen.moveTo(0, line);
    pen.lineTo(width, line);
  }
  for (const back of verticals(axis)) {
    const line = Math.round(x(axis.now - back)) + 0.5;
    pen.moveTo(line, INSET.top);
    pen.lineTo(line, height);
  }
  pen.stroke();
}

// The labels stand in one row at the top, behind the curve, where a quiet machine's curve does not come.
function drawLabels(pen, x, y, ticks, axis, colour, pad) {
  pen.textBaseline = "top";
  pen.fillStyle = colour("--faint");
  for (const [value, label] of ticks) pen.fillText(label, pad, Math.floor(y(value)) + 6);
  for (const back of verticals(axis)) {
    pen.fillText(`\u2212${back} s`, Math.round(x(axis.now - back)) + 7, INSET.top + 6);
  }
}

// The curve in pieces that are whole, as points.
function runs(times, values, x, y) {
  const found = [];
  times.forEach((time, i) => {
    if (i === 0 || time - times[i - 1] > GAP) found.push([]);
    found.at(-1).push({ x: x(time), y: y(values[i]) });
  });
  return found.filter((run) => run.length > 1);
}

// A monotone cubic (Fritsch and Carlson, 1980): smooth, and never above a peak or below a trough that was measured.
function trace(pen, points) {
  const slope = (a, b) => (b.y - a.y) / (b.x - a.x);
  const tangents = points.map((point, i) => {
    const before = i > 0 ? slope(points[i - 1], point) : 0;
    const after = i < points.length - 1 ? slope(point, points[i + 1]) : 0;
    return before * after <= 0 ? 0 : (2 * before * after) / (before + after);
  });
  pen.moveTo(points[0].x, points[0].y);
  for (let i = 1; i < points.length; i += 1) {
    const [a, b] = [points[i - 1], points[i]];
    const third = (b.x - a.x) / 3;
    pen.bezierCurveTo(a.x + third, a.y + third * tangents[i - 1], b.x - third, b.y - third * tangents[i], b.x, b.y);
  }
}

function fillUnder(pen, run, height, accent, strength) {
  const shade = pen.createLinearGradient(0, Math.min(...run.map((point) => point.y)), 0, height);
  shade.addColorStop(0, accent + strength);
  shade.addColorStop(1, `${accent}00`);
  pen.fillStyle = shade;
  pen.beginPath();
  trace(pen, run);
  pen.lineTo(run.at(-1).x, height);
  pen.lineTo(run[0].x, height);
  pen.fill();
}

// A dot on each curve: at the newest sample, or under the pointer with a hairline through it.
function markMoment(pen, lines, x, y, height, axis, accent, colour) {
  const at = axis.cursor ?? axis.times.length - 1;
  if (at < 0) return;
  const column = x(axis.times[at]);
  if (axis.cursor !== null) {
    pen.fillStyle = colour("--muted");
    pen.fillRect(Math.round(column), INSET.top, 1, height - INSET.top);
  }
  for (const { values, dashed } of lines) {
    pen.beginPath();
    pen.arc(column, y(values[at]), dashed ? 2.5 : 3.5, 0, 2 * Math.PI);
    pen.fillStyle = dashed ? colour("--ground") : accent;
    pen.strokeStyle = dashed ? accent : colour("--ground");
    pen.lineWidth = dashed ? 1.25 : 2;
    pen.stroke();
    pen.fill();
  }
}

// One row a core, one cell a sample, the stronger the busier: on the same time axis as the curve above it.
export function drawCores(canvas, samples, axis) {
  const { pen, width, height, colour } = prepare(canvas);
  const x = across(axis, width);
  const count = samples.at(-1)?.cores.length ?? 0;
  const pitch = height / count;
  const gap = pitch >= 6 ? 2 : pitch >= 3 ? 1 : 0;
  pen.fillStyle = colour("--accent");
  pen.globalAlpha = 0.07;
  for (let core = 0; core < count; core += 1) pen.fillRect(0, core * pitch, width - INSET.right, pitch - gap);
  for (const { time, cores } of samples) {
    const left = Math.round(x(time - axis.interval));
    cores.forEach((share, core) => {
      pen.globalAlpha = (share / 100) ** 0.8 * 0.9;
      pen.fillRect(left, core * pitch, Math.round(x(time)) - left, pitch - gap);
    });
  }
  pen.globalAlpha = 1;
  if (pitch < 11) return; // no room for the cores' numbers
  const gutter = parseFloat(colour("--pad"));
  pen.clearRect(0, 0, gutter, height);
  pen.fillStyle = colour("--faint");
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  for (let core = 0; core < count; core += 1) pen.fillText(core + 1, gutter / 2, (core + 0.5) * pitch);
}
