// The card of a competition. Nothing replaces it during a press or while a pointer is down, and a response is always shown.
const LIFTED = 300; // ms: on a touch screen the click comes a moment after the finger is lifted

let htmx;
let pressing = null; // the form whose press is under way, from the press to the answer, however often it is tried
let down = false; // a pointer or the space bar is
let lifting = 0;
let late = ""; // an answer that waits until the pointer is lifted
let pressed = false; // that is one to a press, which says what became of it: no other takes its place
let heard = null; // the card that was told of news since it last asked
let skipped = ""; // the phase that the card was to show when it was not to be replaced

export function startPress(instance) {
  htmx = instance;
  const on = (name, act) => document.body.addEventListener(name, (e) => act(e.detail.elt ?? e.target, e));
  on("htmx:beforeRequest", (elt, e) => {
    if (elt.matches("[data-press]")) {
      begin(elt);
    } else if (elt.id === "stand" && pressing) {
      e.preventDefault();
      skip();
    }
  });
  on("htmx:sendAbort", (elt) => {
    if (elt.id === "stand") {
      skip();
    } else if (elt === pressing) {
      refresh(); // the browser's Stop: nobody knows what became of the press
    }
  });
  // Before htmx asks, hence the capture.
  for (const news of ["stand", "mail"]) {
    document.body.addEventListener(news, () => (heard = card()), true);
  }
  on("htmx:beforeSend", (elt) => {
    if (elt.id === "stand") {
      heard = null;
    }
  });
  on("htmx:load", (elt) => elt.id === "stand" && askAgain());
  on("gaveup", (elt) => elt === pressing && refresh());
  on("htmx:beforeOnLoad", (elt, e) => {
    if (elt === pressing && !e.defaultPrevented) {
      heard = null; // see catchUp
      end();
    }
  });
  on("htmx:beforeSwap", (_, e) => {
    const { target, swapOverride, serverResponse, requestConfig } = e.detail;
    if (!down || target.id !== "stand" || swapOverride === "none") {
      return;
    }
    e.detail.shouldSwap = false;
    const press = requestConfig.elt.matches("[data-press]");
    if (press || !pressed) {
      late = serverResponse;
      pressed = press;
    } else {
      skip();
    }
  });
  watchPointer();
}

const card = () => document.getElementById("stand");

function begin(form) {
  pressing = form;
  late = "";
  pressed = false;
  form.setAttribute("aria-busy", "true");
  document.getElementById("told").textContent = form.querySelector(".press-busy").textContent;
  htmx.trigger(card(), "htmx:abort");
}

function end() {
  pressing.removeAttribute("aria-busy");
  pressing = null;
  setTimeout(catchUp); // when the answer has landed
}

// htmx forgets what a card is about to ask when an answer takes the card's place, and the answer may be older than the news.
function askAgain() {
  if (heard && !heard.isConnected) {
    htmx.trigger(card(), "stand");
  }
}

function refresh() {
  skipped = "";
  end();
  htmx.trigger(card(), "stand");
}

function skip() {
  skipped = card().dataset.phase;
}

// The response to a press is newer than most of the updates that were skipped meanwhile.
function catchUp() {
  const el = card();
  if (pressing || late || !skipped || !el) {
    return;
  }
  const old = el.dataset.phase !== skipped || el.dataset.waitlisted !== undefined;
  skipped = "";
  if (old) {
    htmx.trigger(el, "stand");
  }
}

function watchPointer() {
  const lift = () => {
    down = false;
    if (late) {
      const html = late;
      late = "";
      pressed = false;
      htmx.swap("#stand", html, { swapStyle: "outerHTML" });
      catchUp();
    }
  };
  const hold = () => {
    clearTimeout(lifting);
    down = true;
  };
  const release = () => {
    clearTimeout(lifting);
    lifting = setTimeout(lift, LIFTED);
  };
  addEventListener("pointerdown", hold, true);
  addEventListener("pointerup", release, true);
  addEventListener("pointercancel", release, true);
  addEventListener("blur", release);
  addEventListener("keydown", (e) => e.key === " " && hold(), true);
  addEventListener("keyup", (e) => e.key === " " && release(), true);
}
