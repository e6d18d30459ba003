// The bank's page: inside a dialog of the shop's page, or on its own after a redirect.
const query = new URLSearchParams(window.location.search);
const settings = Object.fromEntries(new URLSearchParams(window.location.hash.slice(1)));
const key = settings.key || "pk_test_sandbox";
const intent = query.get("intent");
const secret = query.get("client_secret");
const path = intent.startsWith("seti_") ? "setup_intents" : "payment_intents";
const buttons = document.querySelectorAll("button");
const embedded = window.parent !== window && settings.parent;

const tell = (type, payload) => embedded && window.parent.postMessage({ type, payload }, settings.parent);

async function load() {
  const answer = await fetch(`/v1/${path}/${intent}?${new URLSearchParams({ key, client_secret: secret })}`);
  return answer.json();
}

function shown({ object, amount, currency }) {
  if (object === "setup_intent") return "that your card may be saved";
  const format = new Intl.NumberFormat(undefined, { style: "currency", currency });
  const scale = 10 ** format.resolvedOptions().maximumFractionDigits;
  return `a payment of ${format.format(amount / scale)}`;
}

function leave(before, after) {
  if (embedded) return tell("done");
  const address = new URL(before.next_action.redirect_to_url.return_url);
  address.searchParams.set(before.object, intent);
  address.searchParams.set(`${before.object}_client_secret`, secret);
  address.searchParams.set("redirect_status", after.status === "succeeded" ? "succeeded" : "failed");
  window.location.assign(address);
}

async function answer(before, outcome) {
  for (const button of buttons) button.disabled = true;
  try {
    const body = new URLSearchParams({ key, client_secret: secret, intent, outcome });
    const reply = await fetch("/v1/3ds2/challenge_complete", { method: "POST", body });
    leave(before, await reply.json());
  } catch {
    document.getElementById("problem").textContent = "The bank could not be reached. Please try again.";
    for (const button of buttons) button.disabled = false;
  }
}

const before = await load();
if (before.error) {
  document.getElementById("problem").textContent = before.error.message;
} else {
  document.getElementById("what").textContent = shown(before);
  for (const button of buttons) button.disabled = false;
}
document.getElementById("test-source-authorize-3ds").addEventListener("click", () => answer(before, "succeed"));
document.getElementById("test-source-fail-3ds").addEventListener("click", () => answer(before, "fail"));
new ResizeObserver(() => tell("height", document.documentElement.getBoundingClientRect().height)).observe(document.body);
