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

function draw(figure) {
  const table = document.getElementById(figure.dataset.chart);
  if (!table || !table.tBodies[0]?.rows.length) {
    return;
  }
  const data = read(table);
  const ink = resolved("--color-muted");
  const line = resolved("--color-line");
  const accent = resolved("--color-accent");
  const bars = figure.dataset.kind === "bars";
  const font = `12px ${colour("--font-text") || "system-ui"}`;
  const axis = { stroke: ink, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  const height = 220;
  const utc = { tzDate: (ts) => uPlot.tzDate(new Date(ts * 1000), "UTC") };
  // Days are the server's, in UTC; moments are shown in the viewer's zone.
  const zone = bars ? { timeZone: "UTC" } : {};
  const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", ...zone });
  const hour = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  const fine = new Intl.DateTimeFormat("en-GB", { minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 });
  const name = (u, splits, i, space, step) => splits.map((ts) => (step >= 86400 ? day : step >= 1 ? hour : fine).format(ts * 1000));
  const margin = bars ? 86400 / 2 : 0;
  const whole = (u, splits) => splits.map((v) => (Number.isInteger(v) ? v : ""));
  const chart = new uPlot(
    {
      width: figure.clientWidth,
      height,
      ...(bars ? utc : {}),
      legend: { show: false },
      cursor: { y: false, points: { size: 8 } },
      scales: { x: { range: (u, min, max) => [min - margin, max + margin] }, y: { range: (u, min, max) => [0, Math.max(1, max * 1.1)] } },
      axes: [{ ...axis, grid: { show: false }, space: 70, incrs: bars ? [1, 2, 7, 14, 28].map((d) => d * 86400) : undefined, values: name }, { ...axis, size: 44, values: whole }],
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
  charts.push({ figure, chart, height });
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
  for (const { figure, chart, height } of charts) {
    chart.setSize({ width: figure.clientWidth, height });
  }
});
drawAll();
