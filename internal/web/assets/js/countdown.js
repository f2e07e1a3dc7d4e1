// Counts down to an opening by the server's clock, and enables the button at the right second.
import { serverNow } from "./clock.js";

let timer = 0;

export function startCountdowns() {
  clearTimeout(timer);
  tick();
}

function tick() {
  const els = document.querySelectorAll("[data-countdown]");
  if (els.length === 0) {
    return;
  }
  const now = serverNow();
  for (const el of els) {
    const left = Date.parse(el.dataset.countdown) - now;
    if (left > 0) {
      show(el, left);
    } else {
      arrive(el);
    }
  }
  // Wake just after the next full second of the server's clock.
  timer = setTimeout(tick, 1000 - (now % 1000) + 5);
}

function show(el, ms) {
  const button = buttonOf(el);
  if (button && !button.disabled) {
    button.disabled = true;
  }
  const clock = el.querySelector("[data-clock]");
  const text = spell(Math.ceil(ms / 1000));
  if (clock && clock.textContent !== text) {
    clock.textContent = text;
    clock.toggleAttribute("data-long", text.length > "00:00:00".length);
  }
}

function arrive(el) {
  delete el.dataset.countdown;
  const button = buttonOf(el);
  if (button) {
    button.disabled = false;
  }
  // Both are in the same place, so nothing moves under a waiting finger.
  el.querySelectorAll("[data-before]").forEach((before) => before.classList.add("invisible"));
  el.querySelectorAll("[data-after]").forEach((after) => after.classList.remove("invisible"));
}

const buttonOf = (el) => el.querySelector("button[data-opens]");

function spell(seconds) {
  const two = (n) => String(n).padStart(2, "0");
  const days = Math.floor(seconds / 86400);
  const hours = Math.floor((seconds % 86400) / 3600);
  const clock = `${two(Math.floor((seconds % 3600) / 60))}:${two(seconds % 60)}`;
  if (days > 0) {
    return `${days} ${days === 1 ? "day" : "days"} ${hours}:${clock}`;
  }
  return hours > 0 ? `${hours}:${clock}` : clock;
}
