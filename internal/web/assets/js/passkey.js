// Forms that a passkey fills in. Each has its challenge in data-challenge, and sends the answer in a hidden field. They are shown
// if the browser supports passkeys.
const decode = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const encode = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");

const credentials = (list = []) => list.map((c) => ({ ...c, id: decode(c.id) }));

async function create(options) {
  const made = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: decode(options.challenge),
      user: { ...options.user, id: decode(options.user.id) },
      excludeCredentials: credentials(options.excludeCredentials),
    },
  });
  return answer(made, {
    attestationObject: encode(made.response.attestationObject),
    transports: made.response.getTransports?.() ?? [],
  });
}

async function get(options, extra) {
  const found = await navigator.credentials.get({
    publicKey: { ...options, challenge: decode(options.challenge), allowCredentials: credentials(options.allowCredentials) },
    ...extra,
  });
  const { authenticatorData, signature, userHandle } = found.response;
  return answer(found, {
    authenticatorData: encode(authenticatorData),
    signature: encode(signature),
    userHandle: userHandle ? encode(userHandle) : undefined,
  });
}

const answer = (credential, response) =>
  JSON.stringify({
    id: credential.id,
    rawId: encode(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
    clientExtensionResults: {},
    response: { clientDataJSON: encode(credential.response.clientDataJSON), ...response },
  });

let offered = null; // what ends the offer beside the email field

function send(form, text) {
  form.elements["auth-answer"].value = text;
  form.submit();
}

async function ask(form) {
  offered?.abort();
  const said = form.querySelector("[data-said]");
  said.hidden = true;
  form.setAttribute("aria-busy", "true");
  try {
    const options = JSON.parse(form.dataset.challenge);
    send(form, await (form.dataset.passkey === "create" ? create(options) : get(options)));
  } catch (e) {
    said.textContent =
      e.name === "InvalidStateError" ? "This device already has a passkey for your account." : "No passkey was used. Try again, or choose another way.";
    said.hidden = false;
  }
  form.removeAttribute("aria-busy");
}

// offer makes the browser suggest passkeys in the email field.
async function offer(form) {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) {
    return;
  }
  offered = new AbortController();
  get(JSON.parse(form.dataset.challenge), { mediation: "conditional", signal: offered.signal }).then(
    (text) => send(form, text),
    () => {}, // none was chosen
  );
}

if (window.PublicKeyCredential) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    if (form.dataset.passkey === "offer") {
      offer(form);
    }
  }
  document.querySelectorAll("[data-no-passkeys]").forEach((e) => (e.hidden = true));
}
document.addEventListener(
  "submit",
  (e) => {
    if (e.target.dataset.passkey) {
      e.preventDefault();
      ask(e.target);
    }
  },
  true,
);
