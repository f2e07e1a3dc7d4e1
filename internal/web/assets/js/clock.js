// The server's clock, as the countdowns use it: the viewer's may be minutes off, and may be set while the page is open. So it is the
// time since the page was opened that is added to: nobody sets that.
let offset = performance.timeOrigin; // the viewer's clock, until the server's is heard of
let heard = false;

// The page carries the time at which it was made, held against the moment its first byte came.
// The live stream sends the server's time again when it opens (a page from the browser's cache is old).
export function watchClock() {
  const made = Date.parse(document.querySelector('meta[name="server-time"]')?.content ?? "");
  const nav = performance.getEntriesByType("navigation")[0];
  if (!Number.isNaN(made) && nav && nav.type !== "back_forward") {
    hear(made, nav.responseStart);
  }
}

export function setServerTime(ms) {
  hear(ms, performance.now());
}

// A slow response makes the server's clock look slow, and nothing makes it look fast, so the fastest response so far is the best.
function hear(ms, at) {
  offset = heard ? Math.max(offset, ms - at) : ms - at;
  heard = true;
}

export function serverNow() {
  return performance.now() + offset;
}
