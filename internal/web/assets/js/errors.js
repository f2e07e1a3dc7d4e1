// A field's error disappears while it's being corrected: the mark on the field, its message, and its entry in the
// summary above the form, which goes with its last entry.
export function startErrors() {
  document.addEventListener("input", (e) => {
    const field = e.target;
    const summary = field.form?.querySelector("[data-errors]");
    if (field.getAttribute("aria-invalid") === "true") {
      field.removeAttribute("aria-invalid");
      document.getElementById(`${field.id}-error`)?.remove();
      const others = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id !== `${field.id}-error`);
      field.setAttribute("aria-describedby", others.join(" "));
      summary?.querySelector(`a[href="#${field.id}"]`)?.closest("li").remove();
    }
    if (summary && !summary.querySelector("li")) {
      summary.remove();
    }
  });
  // The answer to a form that has no page at its address shows the address of the form's page instead, which can be reloaded.
  const { address } = document.body.dataset;
  if (address) {
    history.replaceState(history.state, "", address);
  }
}
