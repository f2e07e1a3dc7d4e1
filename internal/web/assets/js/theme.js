// The theme switch is a form that posts; the server keeps the choice in a cookie, so that the first
// byte of the next page already has it. Here the page changes at once, without a reload.
export function startTheme() {
  document.addEventListener("submit", (e) => {
    const button = e.submitter;
    if (button?.name !== "theme") {
      return;
    }
    e.preventDefault();
    document.documentElement.dataset.theme = button.value;
    fetch(e.target.action, { method: "POST", body: new URLSearchParams({ theme: button.value }) }).catch(() => {});
    document.querySelector(button.value === "dark" ? ".theme-to-light" : ".theme-to-dark")?.focus();
    dispatchEvent(new Event("themechange"));
  });
}
