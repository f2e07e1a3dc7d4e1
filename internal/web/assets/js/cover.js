// A chosen cover is shown at once, before it's sent: beside its field, and in the preview.
let chosen = ""; // the address of what is chosen

const pictures = () => document.querySelectorAll("fieldset .cover img, #preview .cover img");

function show() {
  for (const img of pictures()) {
    img.dataset.drawn ??= img.src;
    img.src = chosen || img.dataset.drawn;
  }
}

export function startCover(htmx) {
  const input = document.querySelector("[data-cover]");
  if (!input) {
    return;
  }
  const clear = document.querySelector("[data-cover-clear]");
  const change = () => {
    URL.revokeObjectURL(chosen);
    chosen = input.files[0] ? URL.createObjectURL(input.files[0]) : "";
    clear.hidden = !chosen;
    show();
  };
  input.addEventListener("change", change);
  clear.addEventListener("click", () => {
    input.value = "";
    change();
    input.focus();
  });
  htmx.onLoad(show); // the preview comes later
  change(); // what the browser still has after "back"
}
