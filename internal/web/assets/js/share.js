// Shares with the system's share sheet, else by copying the link, else by email, which works without a script.
export function startShare() {
  document.addEventListener("click", async (e) => {
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

function say(link, text) {
  link.querySelector("[data-label]").textContent = text;
  document.getElementById("told").textContent = text;
}
