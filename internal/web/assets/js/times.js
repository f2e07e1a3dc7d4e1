// Times are in UTC in the page and shown in the viewer's zone, with the zone named.
const styles = {
  full: { weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" },
  short: { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" },
  shortWithYear: { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" },
  seconds: { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short" },
  date: { day: "numeric", month: "short", year: "numeric" },
};
// British order of day and month with the 24-hour clock, as the server writes it.
const formats = {};
for (const name of Object.keys(styles)) {
  formats[name] = new Intl.DateTimeFormat("en-GB", { hourCycle: "h23", ...styles[name] });
}

export function showTimes(root) {
  for (const el of root.querySelectorAll?.("time[data-time]") ?? []) {
    const at = new Date(el.dateTime);
    if (!Number.isNaN(at.getTime())) {
      const otherYear = el.dataset.time === "short" && at.getFullYear() !== new Date().getFullYear();
      el.textContent = (formats[otherYear ? "shortWithYear" : el.dataset.time] ?? formats.full).format(at);
    }
    delete el.dataset.time;
  }
}

// Forms with dates are filled and read in this zone by the server.
export function tellZone() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const [name, secure] = location.protocol === "https:" ? ["__Host-zone", "; secure"] : ["zone", ""];
  document.cookie = `${name}=${encodeURIComponent(zone)}; path=/; max-age=31536000; samesite=lax${secure}`;
}
