// A competition's times are shown in the zone of its venue, by the server, with the viewer's own time beside them where clocks differ.
// All other times are in the viewer's zone. The server takes that from a cookie; what it didn't know is made up for here.
const own = Intl.DateTimeFormat().resolvedOptions().timeZone;

const minutes = { hour: "2-digit", minute: "2-digit" };
const named = { ...minutes, timeZoneName: "short" };
const styles = {
  full: { weekday: "short", day: "numeric", month: "short", year: "numeric", ...named },
  short: { day: "numeric", month: "short", ...named },
  shortWithYear: { day: "numeric", month: "short", year: "numeric", ...named },
  seconds: { day: "numeric", month: "short", year: "numeric", second: "2-digit", ...named },
  date: { day: "numeric", month: "short", year: "numeric" },
  own: minutes,
  ownWithDay: { weekday: "short", day: "numeric", month: "short", ...minutes },
};
// British order of day and month with the 24-hour clock, as the server writes it.
const formats = {};
for (const name of Object.keys(styles)) {
  formats[name] = new Intl.DateTimeFormat("en-GB", { hourCycle: "h23", ...styles[name] });
}

export function showTimes(root) {
  for (const el of root.querySelectorAll?.("time[data-time]") ?? []) {
    const at = new Date(el.dateTime);
    if (el.dataset.zone !== own && !Number.isNaN(at.getTime())) {
      const otherYear = el.dataset.time === "short" && at.getFullYear() !== new Date().getFullYear();
      el.textContent = write(formats[otherYear ? "shortWithYear" : el.dataset.time] ?? formats.full, at);
    }
    delete el.dataset.time;
  }
  for (const el of root.querySelectorAll?.("[data-own]") ?? []) {
    if (el.dataset.zone !== own) {
      el.textContent = ownTime(new Date(el.dataset.own), Number(el.dataset.offset));
    }
    delete el.dataset.own;
  }
}

// Empty if the viewer's clock shows the same time as the venue's.
function ownTime(at, venueOffset) {
  const ownOffset = -at.getTimezoneOffset();
  if (ownOffset === venueOffset) {
    return "";
  }
  const day = (offset) => new Date(at.getTime() + offset * 60000).toISOString().slice(0, 10);
  const format = day(ownOffset) === day(venueOffset) ? formats.own : formats.ownWithDay;
  return ` (${write(format, at)} your time)`;
}

// Where no year follows, browsers leave out the comma after the day of the week, which the server writes.
function write(format, at) {
  return format.format(at).replace(/^(\p{L}+) /u, "$1, ");
}

// The server shows times in this zone, and offers it where one is asked for.
export function tellZone() {
  const [name, secure] = location.protocol === "https:" ? ["__Host-zone", "; secure"] : ["zone", ""];
  document.cookie = `${name}=${encodeURIComponent(own)}; path=/; max-age=31536000; samesite=lax${secure}`;
  const field = document.querySelector("input[name=zone]:not([aria-invalid=true])");
  if (field && !field.value) {
    field.value = own;
  }
}
