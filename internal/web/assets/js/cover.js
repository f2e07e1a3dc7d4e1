// A chosen cover is shown at once, before it's sent: beside its field, and in the preview. Without one, both show the cover that is drawn.
let chosen = ""; // the address of what is chosen

const pictures = () => document.querySelectorAll("fieldset .cover img, #preview .cover img");

function show() {
  const preview = document.querySelector("#preview .cover img:not([data-drawn])");
  if (preview) { // drawn for what is typed now
    pictures().forEach((img) => (img.dataset.drawn = preview.src));
  }
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
