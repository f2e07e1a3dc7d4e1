// Requests that don't get through. Only responses with the program's own header are shown: after anything else (no response, a page from
// a proxy's, a server that asks to come again) the page stays as it is, says so, and asks again by itself.
const MARK = "Mini-Compete";
const AWAY = "We couldn't reach the server. Pressing again is safe.";
const BUSY = "The server is busy. We're trying again; pressing again is safe.";
// Milliseconds. A press may wait in a long queue, but not forever on a dead connection.
const TIMEOUT = 15000;
const LONGEST_PAUSE = 8000;
const LONGEST_ADVICE = 30000;

const waiting = new Map(); // what each element asked for in vain: {tries, timer, verb, path}
let htmx;
let dismissed = false; // the message was closed: trying again by itself doesn't bring it back

export function startReach(instance) {
  htmx = instance;
  htmx.config.timeout = TIMEOUT;
  const on = (name, act) => document.body.addEventListener(name, (e) => act(e.detail, e));
  on("htmx:beforeRequest", ({ elt, requestConfig }) => {
    const wait = waiting.get(elt);
    clearTimeout(wait?.timer);
    if (requestConfig.triggeringEvent) {
      dismissed = false;
      if (wait) {
        wait.tries = 0; // somebody pressed again
      }
    }
  });
  on("htmx:beforeOnLoad", (detail, e) => {
    const { elt, xhr } = detail;
    const ours = xhr.getResponseHeader(MARK) !== null;
    if (ours && (xhr.status !== 503 || spent(elt))) {
      reached(elt);
      return;
    }
    e.preventDefault();
    missed(detail, ours ? BUSY : AWAY, Number(xhr.getResponseHeader("Retry-After")) || 0);
  });
  on("htmx:sendError", (detail) => missed(detail, AWAY, 0));
  on("htmx:timeout", (detail) => missed(detail, AWAY, 0));
  document.addEventListener("click", (e) => {
    if (e.target.closest("[data-close-toast]")) {
      document.getElementById("toast").replaceChildren();
      dismissed = true;
    }
  });
  addEventListener("online", () => {
    for (const elt of waiting.keys()) {
      pause(elt, 500 * Math.random());
    }
  });
}

// A press is worth more patience than a search that the user may have given up on.
const mostTries = (elt) => (elt.closest("#stand") ? 12 : 4);
const spent = (elt) => (waiting.get(elt)?.tries ?? 0) >= mostTries(elt);

function reached(elt) {
  waiting.delete(elt);
  if (waiting.size === 0) {
    document.querySelectorAll("[data-away]").forEach((el) => el.classList.contains("stand-note") ? el.classList.add("invisible") : el.remove());
  }
}

function missed({ elt, requestConfig }, text, seconds) {
  say(elt, text);
  const { verb, path } = requestConfig;
  const wait = { tries: 0, timer: 0, ...waiting.get(elt), verb, path };
  waiting.set(elt, wait);
  if (spent(elt)) {
    htmx.trigger(elt, "gaveup");
    return;
  }
  // At random times, so that thousands of waiting pages don't come back at the same instant.
  const step = Math.min(1000 * 2 ** wait.tries, LONGEST_PAUSE);
  wait.tries++;
  pause(elt, Math.max(step * (0.5 + Math.random()), Math.min(seconds * 1000, LONGEST_ADVICE) * (1 + Math.random() / 2)));
}

function pause(elt, ms) {
  const wait = waiting.get(elt);
  clearTimeout(wait.timer);
  wait.timer = setTimeout(() => {
    if (elt.isConnected) {
      htmx.ajax(wait.verb, wait.path, { source: elt }).catch(() => {}); // told by the events above
    } else {
      waiting.delete(elt);
    }
  }, ms);
}

// In the card, the message has its own place, where it moves nothing.
function say(elt, text) {
  let note = elt.closest("#stand")?.querySelector(".stand-note");
  if (!note && dismissed) {
    return;
  }
  if (!note) {
    note = document.getElementById("away").content.firstElementChild.cloneNode(true);
    document.getElementById("toast").replaceChildren(note);
  }
  note.dataset.away = "";
  note.classList.remove("invisible");
  note.querySelector("p").textContent = text;
}
