// How long a form is kept from being sent again, in ms. Only the Navigation API tells that the browser's Stop was pressed; without it
// the time is that of a double click.
const HELD = window.navigation ? 10000 : 1000;

let sent = null; // the form whose answer is awaited
let timer = 0;

function release() {
  clearTimeout(timer);
  sent?.removeAttribute("aria-busy");
  sent = null;
}

// On a phone, rows of chips scroll sideways: what is chosen is in sight.
export function showChips(root) {
  for (const chips of root.querySelectorAll?.(".chips") ?? []) {
    const on = chips.querySelector(".chip[aria-current], .chip:has(:checked)");
    if (on) {
      chips.scrollLeft = on.offsetLeft - (chips.clientWidth - on.offsetWidth) / 2;
    }
  }
}

// Small improvements to all forms.
export function startForms() {
  // A second press while the first is in progress does nothing; the server would replay it anyway.
  document.addEventListener("submit", (e) => {
    const form = e.target;
    if (e.defaultPrevented || form.method !== "post" || form.hasAttribute("hx-post")) {
      return;
    }
    if (form === sent) {
      e.preventDefault();
      return;
    }
    release();
    sent = form;
    form.setAttribute("aria-busy", "true");
    timer = setTimeout(release, HELD);
  });
  window.navigation?.addEventListener("navigateerror", release);
  // "Back" from the browser's cache shows the page as it was left.
  addEventListener("pageshow", (e) => e.persisted && release());
  // Fields for a time zone suggest the zones that this browser knows.
  document.addEventListener("focusin", (e) => {
    const list = e.target.list;
    if (list?.id === "zones" && list.childElementCount === 0) {
      list.append(...["UTC", ...Intl.supportedValuesOf("timeZone")].map((zone) => new Option(zone, zone)));
    }
  });
  document.addEventListener("click", (e) => {
    if (e.target.closest("[data-print]")) {
      print();
    }
  });
}
