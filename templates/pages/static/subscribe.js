/* <mailer-subscribe>: the plain form inside it answers without leaving the page. It brings no style and no text of its
   own, sets no cookie, and needs script-src, connect-src and form-action for this host, nothing inline. Whatever is
   no clear answer goes the plain way: the form is sent as if this file had never come. */
(() => {
  "use strict";
  const NAME = "mailer-subscribe";
  const JSON_KIND = "application/json";
  const PATIENCE = 15000;
  if (!window.customElements || customElements.get(NAME)) return;

  const made = (kind, text = "") => Object.assign(document.createElement(kind), { textContent: text });

  class MailerSubscribe extends HTMLElement {
    undo = [];

    connectedCallback() { this.addEventListener("submit", this); }
    disconnectedCallback() { this.removeEventListener("submit", this); }

    handleEvent(event) {
      const form = event.target;
      if (event.defaultPrevented || !(form instanceof HTMLFormElement)) return;
      event.preventDefault();
      if (form.getAttribute("aria-busy") !== "true") this.ask(form);
    }

    async ask(form) {
      form.setAttribute("aria-busy", "true");
      try {
        const answer = await fetch(form.getAttribute("action"), {
          method: "POST",
          credentials: "omit",
          redirect: "error",
          headers: { "Content-Type": JSON_KIND, Accept: JSON_KIND, ...this.spoken() },
          body: JSON.stringify(this.fields(form)),
          signal: AbortSignal.timeout(PATIENCE),
        });
        const said = await answer.json();
        if (answer.status === 202) this.done(form);
        else if (answer.status === 422 && said.errors.length) this.mark(form, said);
        else throw new Error(said.code);
      } catch {
        this.clear();
        HTMLFormElement.prototype.submit.call(form);
        return;
      }
      form.removeAttribute("aria-busy");
    }

    spoken() {
      const near = this.closest("[lang]");
      return near && near.lang ? { "Accept-Language": near.lang } : {};
    }

    fields(form) {
      const found = {};
      for (const [name, value] of new FormData(form)) {
        if (typeof value === "string") found[name] = name in found ? [].concat(found[name], value) : value;
      }
      if (!found.page) found.page = location.origin + location.pathname;
      if (this.kept) found.keep = this.kept;
      return found;
    }

    done(form) {
      const said = made("p", this.getAttribute("done") || "");
      said.setAttribute("role", "status");
      said.tabIndex = -1;
      form.replaceWith(said);
      said.focus();
      this.dispatchEvent(new CustomEvent("subscribed", { bubbles: true }));
    }

    mark(form, said) {
      this.clear();
      for (const [at, error] of said.errors.entries()) {
        const all = form.elements[error.field];
        const field = all && (all.length && !all.options ? all[0] : all);
        if (!field) throw new Error(error.field);
        const legend = field.type === "checkbox" && field.closest("fieldset")?.querySelector("legend");
        const words = made("strong", error.detail);
        words.id = `${field.id || NAME}-${error.field}-wrong`;
        words.setAttribute("role", "alert");
        if (legend) this.add(legend, words);
        else this.add(field.closest("label") || field, made("br"), words);
        for (const [name, value] of [["aria-invalid", "true"], ["aria-describedby", words.id]]) {
          const before = field.getAttribute(name) || "";
          field.setAttribute(name, value);
          this.undo.push(() => (before ? field.setAttribute(name, before) : field.removeAttribute(name)));
        }
        if (error.field === "address" && said.suggestion) this.choose(form, field, words, said);
        if (!at) field.focus();
      }
    }

    choose(form, field, words, said) {
      const typed = field.value;
      const choice = (text, act) => {
        const button = made("button", text);
        button.type = "button";
        button.addEventListener("click", () => { act(); form.requestSubmit(); });
        return button;
      };
      this.add(words, made("br"), choice(said.take, () => { field.value = said.suggestion; }), " ",
        choice(said.keep, () => { field.value = this.kept = typed; }));
    }

    add(after, ...nodes) {
      const marks = nodes.map((one) => (one instanceof Node ? one : document.createTextNode(one)));
      after.after(...marks);
      this.undo.push(() => { for (const one of marks) one.remove(); });
    }

    clear() {
      for (const act of this.undo.splice(0)) act();
    }
  }

  customElements.define(NAME, MailerSubscribe);
})();
