// Elements: the card fields live in a frame, so the embedding page never sees a card number.
class PaymentElement {
  constructor(group, options) {
    this.group = group;
    this.options = options || {};
    this.handlers = {};
    this.frame = null;
    this.isReady = false;
  }

  mount(target) {
    const place = typeof target === "string" ? document.querySelector(target) : target;
    if (!place) {
      throw new Error(`The selector you specified (${target}) applies to no DOM elements that are currently on the page.`);
    }
    if (this.frame) this.unmount();
    const fields = this.options.fields?.billingDetails;
    const country = fields === "never" || fields?.address === "never" || fields?.address?.country === "never";
    this.frame = new Frame(
      "/v3/frame/card",
      {
        key: this.group.key,
        locale: this.group.locale,
        theme: this.group.theme,
        country: country ? "never" : "auto",
        billing: JSON.stringify(this.options.defaultValues?.billingDetails || {}),
      },
      "Secure payment input frame",
    );
    style(this.frame.node, { height: "20rem", "color-scheme": "normal" });
    this.frame.on.height = (height) => style(this.frame.node, { height: `${Math.ceil(height)}px` });
    this.frame.on.ready = () => {
      this.isReady = true;
      this.emit("ready", { elementType: "payment" });
    };
    for (const name of ["change", "focus", "blur", "escape"]) {
      this.frame.on[name] = (payload) => this.emit(name, { elementType: "payment", ...payload });
    }
    place.replaceChildren(this.frame.node);
    return this;
  }

  on(name, handler) {
    (this.handlers[name] ||= []).push(handler);
    if (name === "ready" && this.isReady) handler({ elementType: "payment" });
    return this;
  }

  once(name, handler) {
    const first = (event) => {
      this.off(name, first);
      handler(event);
    };
    return this.on(name, first);
  }

  off(name, handler) {
    this.handlers[name] = (this.handlers[name] || []).filter((known) => handler && known !== handler);
    return this;
  }

  emit(name, event) {
    for (const handler of [...(this.handlers[name] || [])]) handler(event);
  }

  update(options) {
    this.options = { ...this.options, ...options };
  }

  focus() {
    this.frame?.tell("focus");
  }

  blur() {
    this.frame?.node.blur();
  }

  clear() {
    this.frame?.tell("clear");
  }

  unmount() {
    this.frame?.remove();
    this.frame = null;
    this.isReady = false;
  }

  destroy() {
    this.unmount();
    this.handlers = {};
    this.group.element = null;
  }
}

class Elements {
  constructor(key, options, locale) {
    this.key = key;
    this.clientSecret = options.clientSecret;
    this.locale = options.locale || locale || "auto";
    this.theme = options.appearance?.theme || "auto";
    this.element = null;
  }

  create(type, options) {
    if (type !== "payment") throw new Error(`The sandbox has no element of type "${type}": use "payment".`);
    if (this.element) throw new Error("Can only create one Element of type payment.");
    this.element = new PaymentElement(this, options);
    return this.element;
  }

  getElement(type) {
    return type === "payment" ? this.element : null;
  }

  update(options) {
    if (options.locale) this.locale = options.locale;
    if (options.appearance?.theme) this.theme = options.appearance.theme;
    this.element?.frame?.tell("look", { locale: this.locale, theme: this.theme });
  }

  async submit() {
    if (!this.element?.frame) throw new Error("elements.submit() needs a mounted payment Element.");
    const { error } = await this.element.frame.ask("validate");
    return error ? { error } : {};
  }
}
