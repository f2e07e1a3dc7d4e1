// Keys in the inbox of applications. They work while the focus is on an application, never while somebody types. J goes to the first.
function startApplications() {
  // The id of the application that a key was last pressed for. It is in the address, too, so that a page that was loaded
  // anew has the focus where it was, or at the beginning if the application is no longer in the list.
  let acted;
  if (location.hash.startsWith("#application-")) {
    const row = document.querySelector("[data-application]:target") ?? document.querySelector("[data-application]");
    acted = row?.id;
    row?.focus();
  }
  // Keys that were pressed while an application's last change was on its way.
  let held = [];
  document.addEventListener("htmx:afterRequest", () => {
    const keys = held;
    held = [];
    for (const { id, key, focuses } of keys) {
      const row = document.getElementById(id);
      if (row) {
        act(row, key, focuses);
      }
    }
  });
  document.addEventListener("click", (e) => {
    if (e.target.closest("[data-inbox-start]")) {
      document.querySelector("[data-application]")?.focus();
    }
  });
  document.addEventListener("keydown", (e) => {
    // A change replaces the application, and with it what had the focus.
    const lost = e.target === document.body && acted;
    const start = e.target === document.body && !acted && e.key.toLowerCase() === "j";
    const row = lost ? document.getElementById(acted) : e.target.closest?.("[data-application]");
    if (start && !e.ctrlKey && !e.metaKey && !e.altKey) {
      document.querySelector("[data-application]")?.focus();
      return;
    }
    if (!row || e.ctrlKey || e.metaKey || e.altKey || e.target.matches("textarea, input:not([type=radio], [type=checkbox])")) {
      return;
    }
    acted = row.id;
    history.replaceState(history.state, "", `#${row.id}`);
    const key = e.key.toLowerCase();
    if (key === "j" || key === "k") {
      const next = key === "j" ? row.nextElementSibling : row.previousElementSibling;
      (next ?? row).focus();
    } else if (!act(row, key)) {
      return;
    }
    e.preventDefault();
  });

  // A score is saved as soon as it's chosen. Its radio button keeps the focus, so that arrow keys go on.
  document.addEventListener("change", (e) => {
    const row = e.target.matches("[data-score]") && e.target.closest("[data-application]");
    if (row) {
      acted = row.id;
      act(row, e.target.value, false);
    }
  });

  // act scores or decides. It returns whether the key means anything.
  function act(row, key, focuses = true) {
    const score = /^[1-5]$/.test(key) && row.querySelector(`[data-score][value="${key}"]`);
    const button = score ? row.querySelector("[data-save]") : /^[a-z]$/.test(key) && row.querySelector(`[data-key="${key}"]`);
    if (!button) {
      return false;
    }
    if (row.querySelector(".htmx-request")) {
      held.push({ id: row.id, key, focuses });
      return true;
    }
    if (score) {
      score.checked = true;
    }
    if (focuses && (document.activeElement === document.body || row.contains(document.activeElement))) {
      row.focus();
    }
    button.click();
    return true;
  }
}

// Decisions about several applications. What is selected outlasts that an application is replaced.
function startSelection() {
  const bulk = document.getElementById("bulk");
  if (!bulk) {
    return;
  }
  const selected = new Set();
  const boxes = () => [...document.querySelectorAll("[data-application] input[name='id']")];
  const show = () => {
    bulk.classList.toggle("is-on", selected.size > 0);
    bulk.querySelector("[data-bulk-count]").textContent = `${selected.size} selected:`;
    bulk.querySelectorAll("button").forEach((button) => (button.disabled = selected.size === 0));
  };
  const read = () => {
    selected.clear();
    boxes().forEach((box) => box.checked && selected.add(box.value));
    show();
  };
  document.addEventListener("change", (e) => e.target.matches("input[name='id']") && read());
  document.body.addEventListener("htmx:load", () => {
    boxes().forEach((box) => (box.checked = selected.has(box.value)));
    show();
  });
  addEventListener("pageshow", read);
  read();
}

// Once a release is over, the applications below still show drafts. They are loaded anew, unless that would lose a note.
function startReleases() {
  document.body.addEventListener("released", () => {
    const notes = [...document.querySelectorAll("[data-application] textarea")];
    if (notes.every((note) => note.value === note.defaultValue)) {
      location.reload();
    }
  });
}

startApplications();
startSelection();
startReleases();
