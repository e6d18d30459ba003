// Talks to the frames that the sandbox serves. Styles are set through the CSSOM only: the embedding page may have a
// Content-Security-Policy without inline styles.
const ORIGIN = new URL(document.currentScript.src).origin;
const FRAME_NAME = "__privateStripeFrame";
let frames = 0;

function style(node, rules) {
  for (const [name, value] of Object.entries(rules)) node.style.setProperty(name, value);
}

// A frame of ours with a checked conversation: only this window, only the sandbox's origin.
class Frame {
  constructor(path, settings, title) {
    const hash = new URLSearchParams({ ...settings, parent: window.location.origin });
    this.node = document.createElement("iframe");
    this.node.name = `${FRAME_NAME}${++frames}`;
    this.node.title = title;
    this.node.src = `${ORIGIN}${path}#${hash}`;
    style(this.node, { border: "0", display: "block", width: "100%", margin: "0", padding: "0" });
    this.questions = new Map();
    this.asked = 0;
    this.on = {};
    this.listen = (event) => this.receive(event);
    window.addEventListener("message", this.listen);
  }

  receive(event) {
    if (event.origin !== ORIGIN || event.source !== this.node.contentWindow) return;
    const { type, id, payload } = event.data || {};
    if (type === "reply") {
      this.questions.get(id)?.(payload);
      this.questions.delete(id);
    } else if (this.on[type]) {
      this.on[type](payload);
    }
  }

  tell(type, payload, id) {
    this.node.contentWindow?.postMessage({ type, id, payload }, ORIGIN);
  }

  ask(type, payload) {
    const id = ++this.asked;
    return new Promise((resolve) => {
      this.questions.set(id, resolve);
      this.tell(type, payload, id);
    });
  }

  remove() {
    window.removeEventListener("message", this.listen);
    this.node.remove();
  }
}
