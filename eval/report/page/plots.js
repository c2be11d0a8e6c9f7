// Small drawings in the cells of tables: an estimate with its interval, and a bar.

const PLOT = 240;
const PLOT_HEIGHT = 22;
const PLOT_MARGIN = 16;

// A linear scale of shares over all these numbers, with round ticks.
function shareScale(numbers) {
  const low = Math.min(0, ...numbers);
  const high = Math.max(0.05, ...numbers);
  const step = [0.02, 0.05, 0.1, 0.2, 0.25, 0.5].find((size) => (high - low) / size <= 5) ?? 0.5;
  const from = Math.floor(low / step);
  const ticks = Array.from({ length: Math.ceil(high / step) - from + 1 }, (_, i) => (from + i) * step);
  const [first, last] = [ticks[0], ticks.at(-1)];
  return { ticks, at: (value) => PLOT_MARGIN + ((value - first) / (last - first)) * (PLOT - 2 * PLOT_MARGIN) };
}

function plot(...children) {
  return draw("svg", { viewBox: `0 0 ${PLOT} ${PLOT_HEIGHT}`, class: "plot", "aria-hidden": "true" }, children);
}

function axis(scale, text) {
  return plot(scale.ticks.map((tick) => draw("text", { x: scale.at(tick), y: 15, "text-anchor": "middle" }, text(tick))));
}

// An estimate as a dot with a line from the low to the high end; `kind` says how it is drawn.
function estimate(scale, [value, low, high], kind) {
  const middle = PLOT_HEIGHT / 2;
  const lines = scale.ticks.map((tick) =>
    draw("line", { x1: scale.at(tick), x2: scale.at(tick), y1: 0, y2: PLOT_HEIGHT, class: Math.abs(tick) < 1e-9 ? "zero" : "grid" }),
  );
  const reach = known(low) && draw("line", { x1: scale.at(low), x2: scale.at(high), y1: middle, y2: middle, class: "reach" });
  return plot(lines, draw("g", { class: `estimate ${kind}` }, reach, draw("circle", { cx: scale.at(value), cy: middle, r: 5 })));
}

// A bar of parts that stand side by side: [share of the whole width, class, title].
function bar(parts) {
  let at = 0;
  const drawn = parts.map(([share, name, title]) => {
    const rect = draw("rect", { x: at, y: 4, width: Math.max(0, share * PLOT), height: 14, class: name }, draw("title", {}, title));
    at += share * PLOT;
    return rect;
  });
  const shown = { viewBox: `0 0 ${PLOT} ${PLOT_HEIGHT}`, class: "plot stretched", preserveAspectRatio: "none", "aria-hidden": "true" };
  return draw("svg", shown, draw("rect", { x: 0, y: 4, width: PLOT, height: 14, class: "empty" }), drawn);
}

// A bar and what it says, in one line.
function measure(...parts) {
  return make("div", { class: "measure" }, parts);
}
