// Charts of pages that have one. The numbers are in the page as a table, which is also what a
// screen reader gets; the chart is drawn from it.
import uPlot from "uplot";

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// light-dark() is not resolved in a custom property's value, so it is read off a real element.
function resolved(token) {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  probe.hidden = true;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

function read(table) {
  const xs = [];
  const ys = [];
  for (const row of table.tBodies[0].rows) {
    const at = row.querySelector("time");
    xs.push(Date.parse(at.dateTime) / 1000);
    ys.push(Number(row.cells[1].dataset.value ?? row.cells[1].textContent));
  }
  return [xs, ys];
}

const charts = [];
const height = 220;
const day = 86400;

// Days are the server's, in UTC; moments are shown in the viewer's zone.
function timeLabels(bars) {
  const zone = bars ? { timeZone: "UTC" } : {};
  const format = (options) => new Intl.DateTimeFormat("en-GB", { hourCycle: "h23", ...options, ...zone });
  const days = format({ day: "numeric", month: "short" });
  const clock = { hour: "2-digit", minute: "2-digit" };
  const minutes = format(clock);
  const seconds = format({ ...clock, second: "2-digit" });
  const fine = format({ ...clock, second: "2-digit", fractionalSecondDigits: 3 });
  const label = (at, step) => {
    if (step >= day || (step >= 60 && minutes.format(at) === "00:00")) {
      return days.format(at);
    }
    return (step >= 60 ? minutes : step >= 1 ? seconds : fine).format(at);
  };
  return (u, splits, i, space, step) => splits.map((ts) => label(ts * 1000, step));
}

// The axis of numbers. Where one day has many times what others have, their bars would not be seen: then each line is ten times the last.
function valueAxis(values, bars) {
  const some = values.filter((v) => v > 0).sort((a, b) => a - b);
  const most = some.at(-1) ?? 1;
  if (!bars || most < 50 * some[Math.floor(some.length / 2)]) {
    return {
      scale: { range: (u, min, max) => [0, Math.max(1, max * 1.1)] },
      axis: { values: (u, splits) => splits.map((v) => (Number.isInteger(v) ? v.toLocaleString("en-GB") : "")) },
    };
  }
  const lines = [0, 1];
  while (lines.at(-1) < most) {
    lines.push(10 * lines.at(-1));
  }
  return {
    scale: { distr: 4, asinh: 1, range: [0, lines.at(-1)] },
    axis: { splits: lines, filter: (u, splits) => splits, values: (u, splits) => splits.map((v) => v.toLocaleString("en-GB")) },
  };
}

function draw(figure) {
  const table = document.getElementById(figure.dataset.chart);
  if (!table || !table.tBodies[0]?.rows.length) {
    return;
  }
  const data = read(table);
  const accent = resolved("--color-accent");
  const bars = figure.dataset.kind === "bars";
  const { from, to } = figure.dataset;
  const margin = bars ? day / 2 : 0;
  const range = from ? () => [Date.parse(from) / 1000, Date.parse(to) / 1000] : (u, min, max) => [min - margin, max + margin];
  const font = `12px ${colour("--font-text") || "system-ui"}`;
  const axis = { stroke: resolved("--color-muted"), font, grid: { stroke: resolved("--color-line"), width: 1 }, ticks: { show: false } };
  const value = valueAxis(data[1], bars);
  if (value.scale.distr) {
    figure.dataset.scale = "log";
  }
  const chart = new uPlot(
    {
      width: figure.clientWidth,
      height,
      padding: [8, 40, 0, 0],
      ...(bars ? { tzDate: (ts) => uPlot.tzDate(new Date(ts * 1000), "UTC") } : {}),
      legend: { show: false },
      cursor: { y: false, points: { size: 8 } },
      scales: { x: { range }, y: value.scale },
      axes: [
        { ...axis, size: 32, grid: { show: false }, space: 90, incrs: bars ? [1, 2, 7, 14, 28].map((d) => d * day) : undefined, values: timeLabels(bars) },
        { ...axis, size: 56, ...value.axis },
      ],
      series: [
        {},
        {
          stroke: accent,
          width: 2,
          fill: accent.replace(/\)$/, " / 0.18)"),
          points: { show: data[0].length < 2 },
          paths: bars ? uPlot.paths.bars({ size: [0.7, 40], radius: 0.15 }) : uPlot.paths.stepped({ align: 1 }),
        },
      ],
    },
    data,
    figure,
  );
  charts.push({ figure, chart });
}

function drawAll() {
  for (const { chart } of charts.splice(0)) {
    chart.destroy();
  }
  document.querySelectorAll("[data-chart]").forEach(draw);
}

addEventListener("themechange", drawAll);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
addEventListener("resize", () => {
  for (const { figure, chart } of charts) {
    chart.setSize({ width: figure.clientWidth, height });
  }
});
drawAll();
