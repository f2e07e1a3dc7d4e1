// The server's clock, as the countdowns use it: the viewer's may be minutes off.
let offset = 0;

// The page carries the time at which it was made, held against the moment its first byte came.
// The live stream sends the server's time again when it opens (a page from the browser's cache is old).
export function watchClock() {
  const made = Date.parse(document.querySelector('meta[name="server-time"]')?.content ?? "");
  const nav = performance.getEntriesByType("navigation")[0];
  if (!Number.isNaN(made) && nav && nav.type !== "back_forward") {
    offset = made - (performance.timeOrigin + nav.responseStart);
  }
}

export function setServerTime(ms) {
  offset = ms - Date.now();
}

export function serverNow() {
  return Date.now() + offset;
}
