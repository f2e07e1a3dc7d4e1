// A confirmation that has its own page opens in a dialog instead if htmx loads it there.
export function startDialogs(htmx) {
  document.body.addEventListener("htmx:afterSwap", (e) => {
    const dialog = e.detail.target?.closest("dialog");
    if (dialog && !dialog.open && dialog.firstElementChild.childElementCount > 0) {
      dialog.showModal();
    }
  });
  document.addEventListener("click", (e) => {
    const dialog = e.target.closest("dialog");
    if (dialog && (e.target === dialog || e.target.closest("[data-close]"))) {
      e.preventDefault();
      dialog.close();
    }
  });
}
