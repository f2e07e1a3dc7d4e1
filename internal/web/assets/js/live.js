// One event stream for the whole page, closed while the page is hidden.
//
// htmx's own SSE extension opens a stream per element, keeps it in hidden pages and cannot be told
// to pause, so this is written by hand. EventSource reconnects by itself after a dropped connection;
// only a refused one (an HTTP error) has to be opened anew here.
import { setServerTime } from "./clock.js";

let source = null;
let followed = "";
let retry = 0;
let wait = 1000;
let opened = false; // there was a stream before

export function startLive(htmx) {
  const sync = () => (document.hidden ? close() : open(htmx));
  document.addEventListener("visibilitychange", sync);
  addEventListener("pagehide", close);
  addEventListener("pageshow", sync);
  // An earlier stream may be dead without having noticed.
  addEventListener("online", () => {
    close();
    sync();
  });
  // "Show more" and searches change what the page shows.
  document.body.addEventListener("htmx:afterSettle", () => {
    if (address() !== followed) {
      close();
      sync();
    }
  });
  sync();
}

function address() {
  const base = document.body.dataset.live;
  const ids = new Set();
  for (const el of document.querySelectorAll("[data-competition]")) {
    ids.add(el.dataset.competition);
  }
  if (!base || (ids.size === 0 && !document.querySelector("[data-unread]"))) {
    return "";
  }
  const query = new URLSearchParams();
  for (const id of [...ids].slice(0, 100)) {
    query.append("c", id);
  }
  return query.size > 0 ? `${base}?${query}` : base;
}

function close() {
  clearTimeout(retry);
  source?.close();
  source = null;
}

function open(htmx) {
  const url = address();
  if (source || !url) {
    return;
  }
  followed = url;
  source = new EventSource(url);
  source.addEventListener("open", () => {
    wait = 1000;
    if (opened) {
      // Missed changes are fetched at random times, because thousands of pages may come back at once.
      setTimeout(() => askStand(htmx), 2000 * Math.random());
    }
    opened = true;
  });
  source.addEventListener("clock", (e) => setServerTime(Number(e.data)));
  source.addEventListener("seats", (e) => showSeats(htmx, JSON.parse(e.data)));
  source.addEventListener("mine", () => askStand(htmx));
  source.addEventListener("unread", (e) => showUnread(htmx, Number(e.data)));
  source.addEventListener("error", () => {
    if (source?.readyState === EventSource.CLOSED) {
      close();
      // At random times, so that thousands of pages don't come back at the same instant.
      retry = setTimeout(() => open(htmx), wait * (0.5 + Math.random()));
      wait = Math.min(wait * 2, 30000);
    }
  });
}

// The viewer's own place in line may have changed.
function askStand(htmx) {
  const card = document.querySelector("#stand[data-mine]");
  if (card) {
    htmx.trigger(card, "stand");
  }
}

function showSeats(htmx, change) {
  for (const el of document.querySelectorAll(`[data-competition="${CSS.escape(change.id)}"]`)) {
    const html = el.dataset.division ? change.divisions?.[el.dataset.division] : change[el.dataset.part];
    if (html !== undefined) {
      el.innerHTML = html;
    } else if (el.dataset.phase !== undefined) {
      // The card that says where I stand: it is fetched again when the phase changed,
      // and while I am queueing, when the queue did.
      const moved = el.dataset.phase !== change.phase || el.dataset.waitlisted !== undefined;
      if (moved) {
        el.dataset.phase = change.phase;
        htmx.trigger(el, "stand");
      }
    }
  }
}

function showUnread(htmx, unread) {
  for (const el of document.querySelectorAll("[data-unread]")) {
    const changed = el.dataset.unread !== String(unread);
    el.dataset.unread = unread;
    el.firstElementChild.textContent = unread > 99 ? "99+" : unread;
    el.hidden = unread === 0;
    if (changed) {
      htmx.trigger(document.body, "mail");
    }
  }
}
