// The card frame: collects the card, checks it and confirms the intent; the embedding page gets only the outcome.
import { cvcError, digits, expiryError, formattedExpiry, grouped, numberError } from "./fields.js";
import { WORDS, language } from "./words.js";

const COUNTRIES =
  "AT AU BE BG BR CA CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT JP LI LT LU LV MD MT MX NL NO NZ PL PT RO SE SI SK US";
const settings = Object.fromEntries(new URLSearchParams(window.location.hash.slice(1)));
const form = document.getElementById("card");
const { number, expiry, cvc, country } = form.elements;
const touched = new Set();
let words = WORDS.en;

const tell = (type, payload, id) => window.parent.postMessage({ type, id, payload }, settings.parent);

function dress({ locale, theme }) {
  const code = language(locale);
  words = WORDS[code];
  document.documentElement.lang = code;
  document.documentElement.dataset.theme = { night: "dark", stripe: "light", flat: "light" }[theme] || "auto";
  for (const node of document.querySelectorAll("[data-word]")) node.textContent = words[node.dataset.word];
  expiry.placeholder = words.placeholder;
  const names = new Intl.DisplayNames([code], { type: "region" });
  const chosen = country.value || navigator.language.split("-")[1] || "IT";
  const options = COUNTRIES.split(" ")
    .map((region) => [names.of(region), region])
    .sort(([first], [second]) => first.localeCompare(second, code))
    .map(([name, region]) => new Option(name, region, false, region === chosen));
  country.replaceChildren(...options);
}

function errors() {
  return { number: numberError(number.value), expiry: expiryError(expiry.value), cvc: cvcError(cvc.value, number.value) };
}

function showErrors(found, names) {
  for (const name of names) {
    const code = found[name];
    form.elements[name].setAttribute("aria-invalid", code ? "true" : "false");
    document.getElementById(`${name}-error`).textContent = code ? words[code] : "";
  }
}

function changed() {
  const found = errors();
  showErrors(found, [...touched].filter((name) => !found[name]));
  tell("change", {
    collapsed: false,
    complete: !Object.values(found).some(Boolean),
    empty: ![number, expiry, cvc].some((input) => input.value),
    value: { type: "card" },
  });
}

function validate() {
  const found = errors();
  showErrors(found, Object.keys(found));
  const first = Object.keys(found).find((name) => found[name]);
  if (!first) return null;
  form.elements[first].focus();
  return { type: "validation_error", code: found[first], message: words[found[first]] };
}

function flatten(params, name, value) {
  if (value === null || value === undefined || value === "") return;
  if (typeof value === "object") {
    for (const [key, inner] of Object.entries(value)) flatten(params, `${name}[${key}]`, inner);
  } else {
    params.set(name, value);
  }
}

function cardParams({ secret, confirmParams }) {
  const params = new URLSearchParams({ key: settings.key, client_secret: secret, use_stripe_sdk: "true" });
  const data = confirmParams.payment_method_data || {};
  const defaults = JSON.parse(settings.billing || "{}");
  const given = data.billing_details || {};
  const address = settings.country === "never" ? {} : { country: country.value };
  const typed = digits(expiry.value);
  flatten(params, "payment_method_data", {
    type: "card",
    card: {
      number: digits(number.value),
      exp_month: Number(typed.slice(0, 2)),
      exp_year: 2000 + Number(typed.slice(2)),
      cvc: cvc.value,
    },
    billing_details: { ...defaults, ...given, address: { ...defaults.address, ...address, ...given.address } },
    allow_redisplay: data.allow_redisplay,
  });
  if (confirmParams.return_url) params.set("return_url", confirmParams.return_url);
  return params;
}

async function confirm(request) {
  const error = validate();
  if (error) return { error };
  const id = request.secret.split("_secret_")[0];
  const path = id.startsWith("seti_") ? "setup_intents" : "payment_intents";
  try {
    const answer = await fetch(`/v1/${path}/${id}/confirm`, { method: "POST", body: cardParams(request) });
    return await answer.json();
  } catch {
    return { error: { type: "api_connection_error", message: "The payment service could not be reached." } };
  }
}

const ACTIONS = {
  confirm: async (payload, id) => tell("reply", await confirm(payload), id),
  validate: (_payload, id) => tell("reply", { error: validate() }, id),
  look: (payload) => dress(payload),
  focus: () => number.focus(),
  clear: () => {
    form.reset();
    touched.clear();
    changed();
  },
};

window.addEventListener("message", (event) => {
  if (event.source !== window.parent || event.origin !== settings.parent) return;
  ACTIONS[event.data?.type]?.(event.data.payload, event.data.id);
});

form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("input", ({ target }) => {
  if (target === number) number.value = grouped(number.value);
  if (target === expiry && digits(expiry.value).length !== 2) expiry.value = formattedExpiry(expiry.value);
  if (target === cvc) cvc.value = digits(cvc.value);
  changed();
});
form.addEventListener("focusin", () => tell("focus"));
form.addEventListener("focusout", ({ target }) => {
  tell("blur");
  if (target === country || !target.value) return;
  touched.add(target.name);
  showErrors(errors(), [target.name]);
});
for (const button of document.querySelectorAll("[data-number]")) {
  button.textContent = grouped(button.dataset.number);
  button.addEventListener("click", () => {
    number.value = grouped(button.dataset.number);
    expiry.value = `12 / ${String((new Date().getFullYear() + 3) % 100).padStart(2, "0")}`;
    cvc.value = "123";
    showErrors(errors(), ["number", "expiry", "cvc"]);
    changed();
  });
}

document.getElementById("country-field").hidden = settings.country === "never";
dress(settings);
new ResizeObserver(() => tell("height", document.documentElement.getBoundingClientRect().height)).observe(document.body);
tell("ready");
