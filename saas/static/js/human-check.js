// Does a form's proof of work (saas/human_check.py) while the person types; without it the form's age counts.
// <form data-human-check="JSON"> with <input type="hidden" name="human_check"> and perhaps
// <p data-human-status data-working="…" data-done="…" aria-live="polite"></p>.
const TRIES = 128;
const bytes = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");

async function solve(challenge) {
  const { nonce, salt, cost, keyLength, keyPrefix } = challenge.parameters;
  const start = bytes(nonce);
  const password = new Uint8Array(start.length + 4);
  password.set(start);
  const rule = { name: "PBKDF2", hash: "SHA-256", salt: bytes(salt), iterations: cost };
  for (let counter = 0; counter < TRIES; counter++) {
    new DataView(password.buffer).setUint32(start.length, counter);
    const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
    const derivedKey = hex(await crypto.subtle.deriveBits(rule, key, keyLength * 8));
    if (derivedKey.startsWith(keyPrefix)) return btoa(JSON.stringify({ challenge, solution: { counter, derivedKey } }));
  }
  throw new Error("no solution");
}

for (const form of document.querySelectorAll("form[data-human-check]")) {
  const answer = form.elements.namedItem("human_check");
  const status = form.querySelector("[data-human-status]");
  const say = (text) => status && (status.textContent = text || "");
  let settled = false, waiting = false;
  const work = solve(JSON.parse(form.dataset.humanCheck))
    .then((payload) => { answer.value = payload; say(status?.dataset.done); })
    .catch(() => say(""))
    .finally(() => { settled = true; });
  form.addEventListener("submit", (event) => {
    if (settled) return;
    event.preventDefault();
    if (waiting) return;
    waiting = true;
    say(status?.dataset.working);
    work.then(() => form.requestSubmit(event.submitter));
  });
}
