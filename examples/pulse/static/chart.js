// Curves over time on a canvas: drawn once a sample, sharp on every screen.
// An axis is {times, now, span, cursor}: seconds of the server's clock, the cursor an index into times, or null.

const INSET = { top: 14, right: 16, bottom: 5 };
const GAP = 3.5; // seconds without a sample that break the curve

// A canvas to draw on: as many pixels as the screen has, counted in CSS pixels; x() places a moment, y() a share.
class Sheet {
  constructor(canvas, axis) {
    const { width, height } = canvas.getBoundingClientRect();
    const ratio = devicePixelRatio || 1;
    const [columns, lines] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== columns || canvas.height !== lines) Object.assign(canvas, { width: columns, height: lines });
    const style = getComputedStyle(canvas);
    Object.assign(this, { width, height, axis, style, pen: canvas.getContext("2d") });
    this.pad = parseFloat(this.colour("--pad"));
    this.pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.pen.clearRect(0, 0, width, height);
    this.pen.font = `11px ${style.fontFamily}`;
  }

  colour(name) {
    return this.style.getPropertyValue(name).trim();
  }

  x(time) {
    return (1 - (this.axis.now - time) / this.axis.span) * (this.width - INSET.right);
  }

  y(share) {
    return INSET.top + (this.height - INSET.top - INSET.bottom) * (1 - Math.min(share, 1));
  }
}

// Which moment lies under a pointer; null right of now.
export function momentAt(canvas, clientX, axis) {
  const { left, width } = canvas.getBoundingClientRect();
  const time = axis.now - (1 - (clientX - left) / (width - INSET.right)) * axis.span;
  return time > axis.now ? null : time;
}

// lines: [{shares, dashed}], shares of the scale from 0 to 1; labels: of the scale's top and of its middle.
export function drawCurves(canvas, lines, labels, axis) {
  const sheet = new Sheet(canvas, axis);
  drawGrid(sheet, labels);
  for (const { shares, dashed } of lines) {
    for (const run of runs(sheet, shares)) {
      if (!dashed) fillUnder(sheet, run);
      strokeCurve(sheet, run, dashed);
    }
  }
  markMoment(sheet, lines);
}

// The labels stand in one row at the top, behind the curve, where a quiet machine's curve does not come.
function drawGrid(sheet, labels) {
  const { pen, width, height, axis } = sheet;
  const levels = [1, 0.5].map((share) => Math.floor(sheet.y(share)));
  const back = [axis.span / 3, (axis.span * 2) / 3]; // seconds before now
  const columns = back.map((seconds) => Math.round(sheet.x(axis.now - seconds)));
  pen.fillStyle = sheet.colour("--grid");
  for (const level of levels) pen.fillRect(0, level, width, 1);
  for (const column of columns) pen.fillRect(column, INSET.top, 1, height);
  pen.fillStyle = sheet.colour("--faint");
  pen.textBaseline = "top";
  levels.forEach((level, i) => pen.fillText(labels[i], sheet.pad, level + 6));
  columns.forEach((column, i) => pen.fillText(`\u2212${back[i]} s`, column + 7, INSET.top + 6));
}

// The curve in pieces that are whole, as points.
function runs(sheet, shares) {
  const { times } = sheet.axis;
  const found = [];
  times.forEach((time, i) => {
    if (i === 0 || time - times[i - 1] > GAP) found.push([]);
    found.at(-1).push({ x: sheet.x(time), y: sheet.y(shares[i]) });
  });
  return found.filter((run) => run.length > 1);
}

// A monotone cubic (Fritsch and Butland, 1984): smooth, and never above a peak or below a trough that was measured.
function trace(pen, points) {
  const slope = (a, b) => (b.y - a.y) / (b.x - a.x);
  const tangents = points.map((point, i) => {
    const before = i > 0 ? slope(points[i - 1], point) : 0;
    const after = i < points.length - 1 ? slope(point, points[i + 1]) : 0;
    return before * after <= 0 ? 0 : (2 * before * after) / (before + after);
  });
  pen.beginPath();
  pen.moveTo(points[0].x, points[0].y);
  for (let i = 1; i < points.length; i += 1) {
    const [a, b] = [points[i - 1], points[i]];
    const third = (b.x - a.x) / 3;
    pen.bezierCurveTo(a.x + third, a.y + third * tangents[i - 1], b.x - third, b.y - third * tangents[i], b.x, b.y);
  }
}

function strokeCurve(sheet, run, dashed) {
  const { pen } = sheet;
  pen.strokeStyle = sheet.colour("--accent");
  pen.lineWidth = dashed ? 1.25 : 1.75;
  pen.lineJoin = "round";
  pen.setLineDash(dashed ? [4, 3] : []);
  trace(pen, run);
  pen.stroke();
  pen.setLineDash([]);
}

function fillUnder(sheet, run) {
  const { pen, height } = sheet;
  const accent = sheet.colour("--accent");
  const shade = pen.createLinearGradient(0, Math.min(...run.map((point) => point.y)), 0, height);
  shade.addColorStop(0, accent + sheet.colour("--under"));
  shade.addColorStop(1, `${accent}00`);
  pen.fillStyle = shade;
  trace(pen, run);
  pen.lineTo(run.at(-1).x, height);
  pen.lineTo(run[0].x, height);
  pen.fill();
}

// A dot on each curve: at the newest sample, or under the pointer with a hairline through it.
function markMoment(sheet, lines) {
  const { pen, height, axis } = sheet;
  const [accent, ground] = [sheet.colour("--accent"), sheet.colour("--ground")];
  const at = axis.cursor ?? axis.times.length - 1;
  if (at < 0) return;
  const x = sheet.x(axis.times[at]);
  if (axis.cursor !== null) {
    pen.fillStyle = sheet.colour("--muted");
    pen.fillRect(Math.round(x), INSET.top, 1, height);
  }
  for (const { shares, dashed } of lines) {
    pen.beginPath();
    pen.arc(x, sheet.y(shares[at]), dashed ? 2.5 : 3.5, 0, 2 * Math.PI);
    pen.fillStyle = dashed ? ground : accent;
    pen.strokeStyle = dashed ? accent : ground;
    pen.lineWidth = dashed ? 1.25 : 2;
    pen.stroke();
    pen.fill();
  }
}

// One row a core, one cell a sample, the stronger the busier: on the same time axis as the curve above it.
export function drawCores(canvas, samples, count, axis) {
  const sheet = new Sheet(canvas, axis);
  const { pen, width, height } = sheet;
  const pitch = height / count;
  const thick = pitch - (pitch >= 6 ? 2 : pitch >= 3 ? 1 : 0);
  pen.fillStyle = sheet.colour("--accent");
  pen.globalAlpha = 0.07;
  for (let core = 0; core < count; core += 1) pen.fillRect(0, core * pitch, width - INSET.right, thick);
  samples.forEach(({ time, cores }, i) => {
    const before = samples[i - 1]?.time;
    const since = time - before < GAP ? before : time - axis.interval;
    const [from, to] = [since, time].map((moment) => Math.round(sheet.x(moment)));
    cores.forEach((share, core) => {
      pen.globalAlpha = (share / 100) ** 0.8 * 0.9;
      pen.fillRect(from, core * pitch, to - from, thick);
    });
  });
  pen.globalAlpha = 1;
  if (pitch >= 11) numberCores(sheet, count, pitch, thick);
}

function numberCores(sheet, count, pitch, thick) {
  const { pen, pad, height } = sheet;
  pen.clearRect(0, 0, pad, height);
  pen.fillStyle = sheet.colour("--faint");
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  for (let core = 0; core < count; core += 1) pen.fillText(core + 1, pad / 2, core * pitch + thick / 2 + 1);
}
