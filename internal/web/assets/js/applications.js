// Keys in the inbox of applications. They work while the focus is on an application, never while somebody types.
export function startApplications() {
  // The id of the application that a key was last pressed for. A form that is sent without htmx comes back to it.
  let acted = document.querySelector("[data-application]:target")?.id;
  document.addEventListener("click", (e) => {
    if (e.target.closest("[data-inbox-start]")) {
      document.querySelector("[data-application]")?.focus();
    }
  });
  document.addEventListener("keydown", (e) => {
    // A decision replaces the application, and with it what had the focus.
    const lost = e.target === document.body && acted;
    const row = lost ? document.getElementById(acted) : e.target.closest?.("[data-application]");
    if (!row || e.ctrlKey || e.metaKey || e.altKey || e.target.matches("textarea, input:not([type=radio], [type=checkbox])")) {
      return;
    }
    acted = row.id;
    const key = e.key.toLowerCase();
    if (key === "j" || key === "k") {
      const next = key === "j" ? row.nextElementSibling : row.previousElementSibling;
      (next ?? row).focus();
    } else if (/^[1-5]$/.test(key)) {
      const score = row.querySelector(`[data-score][value="${key}"]`);
      if (!score) {
        return;
      }
      score.checked = true;
      row.focus();
      row.querySelector("[data-save]").click();
    } else {
      const button = /^[a-z]$/.test(key) && row.querySelector(`[data-key="${key}"]`);
      if (!button) {
        return;
      }
      row.focus();
      button.click();
    }
    e.preventDefault();
  });
}
