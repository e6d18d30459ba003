/* Card entry and bank confirmation through the gateway's own fields; the shop never sees a card number.
   A form.js-card carries what is needed:
     data-mode="setup"    save a card with data-client-secret, then submit with its set-up's id
     data-mode="payment"  confirm an open payment with data-client-secret, then submit */
(() => {
  "use strict";

  const isDark = () => {
    const scheme = getComputedStyle(document.documentElement).colorScheme;
    return scheme === "dark" || (scheme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  };

  /* The gateway's fields live in a frame of their own: hand them the colours in force here. */
  const appearance = (form) => {
    const style = (element) => getComputedStyle(element);
    return {
      theme: isDark() ? "night" : "stripe",
      variables: {
        colorPrimary: style(form.querySelector("button[type=submit]")).backgroundColor,
        colorBackground: style(form.querySelector("[data-card]")).backgroundColor,
        colorText: style(form).color,
        colorDanger: style(form.querySelector("[data-problem]")).color,
      },
    };
  };

  const start = (form) => {
    const gateway = window.Stripe && window.Stripe(form.dataset.publishableKey);
    const button = form.querySelector("button[type=submit]");
    const problem = form.querySelector("[data-problem]");
    const clientSecret = form.dataset.clientSecret;

    const say = (text) => {
      problem.textContent = text;
      problem.hidden = !text;
      if (text) problem.focus();
    };
    const busy = (is) => {
      button.disabled = is;
      button.setAttribute("aria-busy", String(is));
    };

    if (!gateway) {
      say(form.dataset.unavailable);
      return;
    }

    let elements = null;
    if (form.dataset.mode === "setup") {
      elements = gateway.elements({
        clientSecret,
        appearance: appearance(form),
        locale: document.documentElement.lang,
      });
      const element = elements.create("payment", { layout: "tabs" });
      element.on("ready", () => busy(false));
      element.mount(form.querySelector("[data-card]"));
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
        elements.update({ appearance: appearance(form) });
      });
      busy(true);
    }

    const confirm = () => {
      const confirmParams = { return_url: form.dataset.returnUrl };
      if (form.dataset.mode === "setup") {
        return gateway.confirmSetup({ elements, clientSecret, confirmParams, redirect: "if_required" });
      }
      confirmParams.payment_method = form.dataset.paymentMethod;
      return gateway.confirmPayment({ clientSecret, confirmParams, redirect: "if_required" });
    };

    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      say("");
      busy(true);
      const result = await confirm();
      if (result.error) {
        say(result.error.message);
        busy(false);
        return;
      }
      if (result.setupIntent) form.elements.setup_intent.value = result.setupIntent.id;
      form.submit();
    });
  };

  document.querySelectorAll("form.js-card").forEach(start);
  /* Back from the bank's own page: nothing to enter, only to go on. */
  document.querySelectorAll("form.js-go-on").forEach((form) => form.submit());
})();
