// Keeps unsaved input of long forms in this browser, by user and form, and offers to restore it. A form asks for this with
// data-draft. Passwords are never kept; logging out deletes everything.
const prefix = "draft:";
const keptFor = 30 * 24 * 3600 * 1000;

export function startDrafts() {
  tidy();
  document.addEventListener("submit", (e) => {
    if (new URL(e.target.action).pathname === "/auth/logout") {
      forget(() => true);
    }
  });
  for (const form of document.querySelectorAll("form[data-draft]")) {
    keep(form);
  }
}

// forget deletes the drafts that match a test.
function forget(test) {
  for (const key of Object.keys(storage() ?? {})) {
    if (key.startsWith(prefix) && test(read(key))) {
      storage().removeItem(key);
    }
  }
}

// tidy deletes the drafts that were saved: the page after a saved form names its draft.
function tidy() {
  const saved = document.querySelector("#flash [data-saved]") !== null;
  forget((draft) => !draft || draft.at < Date.now() - keptFor || (saved && draft.sent));
}

function storage() {
  try {
    return localStorage;
  } catch {
    return null; // switched off
  }
}

function read(key) {
  try {
    return JSON.parse(storage()?.getItem(key));
  } catch {
    return null;
  }
}

const property = (el) => (el.type === "checkbox" ? "checked" : "value");

// kept are the elements of a form whose values may be: no secrets, no files, no buttons. Questions come and go, so there would be
// nothing to put theirs into.
const kept = (form) =>
  [...form.elements].filter(
    (el) => el.name && !["password", "file", "submit", "button"].includes(el.type) && !el.closest("[data-question-editor]"),
  );

const fields = (form) => Object.fromEntries(kept(form).map((el) => [el.name, el[property(el)]]));

function fill(form, values) {
  for (const el of kept(form)) {
    el[property(el)] = values[el.name] ?? el[property(el)];
  }
}

// typed leaves out fields that differ from page to page by themselves.
const typed = ({ key, version, ...values }) => JSON.stringify(values);

function keep(form) {
  const key = prefix + form.dataset.draft;
  const offer = form.querySelector("[data-draft-offer]");
  let loss = false; // something is typed that is neither kept nor sent
  let timer = 0;

  const save = (sent) => {
    clearTimeout(timer);
    timer = 0;
    try {
      storage().setItem(key, JSON.stringify({ at: Date.now(), sent, values: fields(form) }));
      loss = false;
    } catch {
      loss = true; // no room, or no storage
    }
    loss &&= !sent;
  };
  const old = read(key);
  if (old && typed(old.values) !== typed(fields(form))) {
    offer.hidden = false;
    offer.querySelector("time").textContent = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" }).format(old.at);
  }
  offer.addEventListener("click", (e) => {
    const { draft } = e.target.dataset;
    if (draft === "restore") {
      fill(form, old.values);
    }
    if (draft) {
      offer.hidden = true;
      storage().removeItem(key);
      if (draft === "restore" || loss) {
        save(false);
      }
      form.querySelector("input:not([type=hidden])").focus();
    }
  });
  form.addEventListener("input", () => {
    if (!offer.hidden) {
      loss = true; // what was kept before is not overwritten until somebody chooses
      return;
    }
    timer ||= setTimeout(save, 300, false);
  });
  form.addEventListener("submit", () => {
    if (offer.hidden || loss) {
      save(true);
    }
  });
  addEventListener("pagehide", () => {
    if (timer) {
      save(false);
    }
  });
  // Warns before leaving only if input would be lost.
  addEventListener("beforeunload", (e) => {
    if (loss) {
      e.preventDefault();
    }
  });
}
