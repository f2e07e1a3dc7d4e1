// Small comforts of forms.
export function startForms() {
  // A second press while the first is under way does nothing; the server would replay it anyway.
  document.addEventListener("submit", (e) => {
    const form = e.target;
    if (e.defaultPrevented || form.method !== "post" || form.hasAttribute("hx-post")) {
      return;
    }
    if (form.dataset.sent) {
      e.preventDefault();
      return;
    }
    form.dataset.sent = "1";
  });
  // After "back" from the browser's memory the form may be sent again.
  addEventListener("pageshow", (e) => {
    if (e.persisted) {
      for (const form of document.querySelectorAll("form[data-sent]")) {
        delete form.dataset.sent;
      }
    }
  });
  // The zones that this browser knows are offered where one is typed.
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
