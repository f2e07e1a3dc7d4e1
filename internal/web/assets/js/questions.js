// Questions: the fields that are asked after certain answers, and the editor. Without the script every question is in view, and the
// editor's buttons send the form.
for (const form of document.querySelectorAll("form[data-questions]")) {
  ask(form);
  form.addEventListener("change", () => ask(form));
}
for (const editor of document.querySelectorAll("[data-question-editor]")) {
  edit(editor);
}

// ask shows what is asked after the answers so far. What isn't asked isn't sent, so that it can't be refused.
function ask(form) {
  const answers = {};
  for (const question of form.querySelectorAll("[data-question]")) {
    const { after, anyOf } = question.dataset;
    const asked = !after || JSON.parse(anyOf).some((wanted) => answers[after]?.includes(wanted));
    question.hidden = !asked;
    for (const control of question.querySelectorAll("input, select, textarea")) {
      control.disabled = !asked;
    }
    question.querySelector("[data-condition]")?.toggleAttribute("hidden", asked);
    answers[question.dataset.question] = asked ? chosen(question) : [];
  }
}

function chosen(question) {
  return [...question.querySelectorAll("input, select, textarea")]
    .filter((el) => (el.type !== "radio" && el.type !== "checkbox") || el.checked)
    .map((el) => el.value.trim())
    .filter((value) => value !== "");
}

function edit(editor) {
  const list = editor.querySelector("[data-rows]");
  const template = editor.querySelector("[data-new-row]");
  const told = editor.querySelector("[data-told]");

  const tell = (text) => {
    told.textContent = text;
  };
  const number = () => [...list.children].forEach((row, i) => (row.querySelector("[data-number]").textContent = i + 1));
  const title = (row) => `Question ${row.querySelector("[data-number]").textContent}`;
  const changed = (row) => row.closest("form").dispatchEvent(new Event("input", { bubbles: true }));

  editor.addEventListener("click", (e) => {
    const button = e.target.closest("button[name='edit-questions']");
    const [act] = button?.value.split(":") ?? [];
    const row = button?.closest("[data-row]");
    if (act === "add") {
      e.preventDefault();
      add();
    } else if (act === "up" && row.previousElementSibling) {
      row.previousElementSibling.before(row);
    } else if (act === "down" && row.nextElementSibling) {
      row.nextElementSibling.after(row);
    } else if (act === "remove") {
      remove(row);
    }
    if (row) {
      e.preventDefault();
      number();
      if (row.isConnected) {
        tell(`${title(row)} of ${list.children.length}`);
        button.focus();
      }
      changed(editor);
    }
  });

  function add() {
    const id = [...crypto.getRandomValues(new Uint8Array(10))].map((n) => "abcdefghijklmnopqrstuvwxyz234567"[n % 32]).join("");
    const holder = document.createElement("div");
    holder.innerHTML = template.innerHTML.replaceAll("NEW", id);
    const row = holder.firstElementChild;
    list.append(row);
    number();
    tell(`${title(row)} added`);
    row.querySelector('[name$=".label"]').focus();
    changed(editor);
  }

  function remove(row) {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    tell(`${title(row)} removed`);
    row.remove();
    (next?.querySelector('[name$=".label"]') ?? editor.querySelector("button[value='add']")).focus();
  }

  // The answers that a question can be asked after are those to the questions above it, as they are now.
  editor.addEventListener(
    "toggle",
    (e) => {
      if (e.target.matches("[data-conditions]") && e.target.open) {
        offer(e.target);
      }
    },
    true,
  );

  function offer(details) {
    const own = details.closest("[data-row]");
    const box = details.querySelector("[data-list]");
    const checked = new Set([...box.querySelectorAll(":checked")].map((el) => el.value));
    const name = `q.${own.dataset.row}.after`;
    const labels = [];
    for (let row = list.firstElementChild; row && row !== own; row = row.nextElementSibling) {
      for (const [value, label] of answersOf(row)) {
        labels.push(condition(name, `${row.dataset.row}=${value}`, label, checked));
      }
    }
    box.replaceChildren(...labels);
    details.querySelector("[data-no-conditions]").hidden = labels.length > 0;
  }

  dragging(list, () => {
    number();
    changed(editor);
  });
}

function answersOf(row) {
  const field = (part) => row.querySelector(`[name="q.${row.dataset.row}.${part}"]`).value;
  const text = field("label") || "Untitled question";
  const label = /[.?!:]$/.test(text) ? text : `${text}:`;
  switch (field("kind")) {
    case "YES_NO":
      return [["yes", `${label} Yes`], ["no", `${label} No`]];
    case "CONSENT":
      return [["yes", `${label} Yes`]];
    case "ONE_OF":
    case "MANY_OF":
      return field("options")
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== "")
        .map((line) => [line, `${label} ${line}`]);
  }
  return [];
}

function condition(name, value, text, checked) {
  const label = document.createElement("label");
  label.className = "check";
  const input = Object.assign(document.createElement("input"), { type: "checkbox", name, value, checked: checked.has(value) });
  const span = document.createElement("span");
  span.textContent = text;
  label.append(input, span);
  return label;
}

// dragging reorders rows by their handles, with a finger, a pen or a mouse.
function dragging(list, dropped) {
  let row = null;
  list.addEventListener("pointerdown", (e) => {
    const handle = e.target.closest("[data-handle]");
    if (!handle || e.button !== 0) {
      return;
    }
    e.preventDefault();
    row = handle.closest("[data-row]");
    row.classList.add("is-dragged");
    handle.setPointerCapture(e.pointerId);
  });
  list.addEventListener("pointermove", (e) => {
    if (!row) {
      return;
    }
    const before = row.previousElementSibling;
    const after = row.nextElementSibling;
    if (before && e.clientY < middle(before)) {
      row.after(before); // the neighbor moves, since a handle that is moved loses the pointer
    } else if (after && e.clientY > middle(after)) {
      row.before(after);
    }
  });
  const drop = () => {
    if (row) {
      row.classList.remove("is-dragged");
      row = null;
      dropped();
    }
  };
  list.addEventListener("pointerup", drop);
  list.addEventListener("pointercancel", drop);
}

function middle(el) {
  const { top, height } = el.getBoundingClientRect();
  return top + height / 2;
}
