// Shares with the system's share sheet, else by copying the link, else by email, which works without a script.
export function startShare() {
  document.addEventListener("click", async (e) => {
    const copied = e.target.closest("[data-copy]");
    if (copied) {
      await copy(copied);
      return;
    }
    const link = e.target.closest("[data-share]");
    if (!link || !(navigator.share || navigator.clipboard)) {
      return;
    }
    e.preventDefault();
    const { share: url, title } = link.dataset;
    try {
      if (navigator.share) {
        await navigator.share({ title, url });
      } else {
        await navigator.clipboard.writeText(url);
        say(link, "Link copied");
      }
    } catch (error) {
      if (error.name !== "AbortError") {
        location.href = link.href;
      }
    }
  });
}

// copy copies what a button has. A browser that refuses leaves the text, which stands beside it, to be selected.
async function copy(button) {
  let text = "Copied";
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    text = "Select it to copy";
  }
  button.textContent = text;
  document.getElementById("told").textContent = text;
}

function say(link, text) {
  link.querySelector("[data-label]").textContent = text;
  document.getElementById("told").textContent = text;
}
