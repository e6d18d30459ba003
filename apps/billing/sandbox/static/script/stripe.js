// The global Stripe(publishableKey): confirmations and 3-D Secure.
const resource = (secret) => {
  const id = String(secret).split("_secret_")[0];
  return { id, path: id.startsWith("seti_") ? "setup_intents" : "payment_intents" };
};
const named = (intent) => ({ [intent.object === "setup_intent" ? "setupIntent" : "paymentIntent"]: intent });

async function api(method, path, params) {
  try {
    const query = new URLSearchParams(params);
    const answer =
      method === "GET"
        ? await fetch(`${ORIGIN}${path}?${query}`)
        : await fetch(`${ORIGIN}${path}`, { method, body: query });
    return await answer.json();
  } catch {
    return {
      error: {
        type: "api_connection_error",
        message: "We are experiencing issues connecting to our payments provider. Please check your internet connection.",
      },
    };
  }
}

// Shows the bank's page in a modal dialog and resolves when the cardholder has answered.
function challenge(key, address) {
  const url = new URL(address);
  const frame = new Frame(url.pathname + url.search, { key }, "3D Secure authentication");
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-label", "3D Secure authentication");
  style(dialog, {
    border: "0",
    padding: "0",
    margin: "auto", // a page may have set all margins to zero
    width: "min(26rem, 92vw)",
    "border-radius": "12px",
    overflow: "hidden",
  });
  style(frame.node, { height: "24rem" });
  frame.on.height = (height) => style(frame.node, { height: `${Math.ceil(height)}px` });
  dialog.append(frame.node);
  // Closing the dialog would leave the payment in the air: the buttons inside are the way out.
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    frame.on.done = () => {
      frame.remove();
      dialog.remove();
      resolve();
    };
  });
}

function Stripe(key, { locale } = {}) {
  if (!/^pk_/.test(key || "")) {
    throw new Error("Invalid value for Stripe(): apiKey should be a publishable key. It begins with pk_.");
  }

  async function retrieve(secret) {
    const { id, path } = resource(secret);
    return api("GET", `/v1/${path}/${id}`, { key, client_secret: secret });
  }

  async function nextAction(intent) {
    if (intent.status !== "requires_action") return intent;
    const action = intent.next_action;
    if (action.type === "redirect_to_url") {
      window.location.assign(action.redirect_to_url.url);
      return new Promise(() => {});
    }
    await challenge(key, action.use_stripe_sdk.stripe_js);
    const after = await retrieve(intent.client_secret);
    return after;
  }

  function failure(intent) {
    const error = intent.last_payment_error || intent.last_setup_error;
    return intent.status === "requires_payment_method" && error
      ? { error: { ...error, [intent.object]: intent } }
      : null;
  }

  async function confirm(kind, { elements, clientSecret, confirmParams = {}, redirect = "always" }) {
    const secret = clientSecret || elements?.clientSecret;
    if (!secret) throw new Error(`stripe.confirm${kind}() needs a clientSecret.`);
    if (redirect !== "if_required" && !confirmParams.return_url) {
      throw new Error("confirmParams.return_url is required unless redirect is \"if_required\".");
    }
    let answer;
    if (elements) {
      const frame = elements.element?.frame;
      if (!frame) throw new Error("The payment Element must be mounted before it is confirmed.");
      answer = await frame.ask("confirm", { secret, confirmParams });
    } else {
      const { id, path } = resource(secret);
      const params = { key, client_secret: secret, use_stripe_sdk: "true" };
      for (const name of ["payment_method", "return_url"]) if (confirmParams[name]) params[name] = confirmParams[name];
      answer = await api("POST", `/v1/${path}/${id}/confirm`, params);
    }
    if (answer.error) return { error: answer.error };
    return finish(await nextAction(answer), redirect === "if_required" ? null : confirmParams.return_url);
  }

  function finish(intent, returnUrl) {
    if (intent.error) return { error: intent.error };
    const failed = failure(intent);
    if (failed) return failed;
    if (!returnUrl) return named(intent);
    const target = new URL(returnUrl, window.location.href);
    target.searchParams.set(intent.object, intent.id);
    target.searchParams.set(`${intent.object}_client_secret`, intent.client_secret);
    target.searchParams.set("redirect_status", intent.status === "succeeded" ? "succeeded" : "pending");
    window.location.assign(target);
    return new Promise(() => {});
  }

  async function show(secret) {
    const intent = await retrieve(secret);
    return intent.error ? { error: intent.error } : named(intent);
  }

  return {
    elements: (options = {}) => new Elements(key, options, locale),
    confirmSetup: (options) => confirm("Setup", options),
    confirmPayment: (options) => confirm("Payment", options),
    retrieveSetupIntent: show,
    retrievePaymentIntent: show,
    async handleNextAction({ clientSecret }) {
      const intent = await retrieve(clientSecret);
      return intent.error ? { error: intent.error } : finish(await nextAction(intent), null);
    },
  };
}

Stripe.version = 3;
window.Stripe = Stripe;
