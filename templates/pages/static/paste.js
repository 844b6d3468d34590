/* What is pasted from a web page or a word processor becomes Markdown; what is plain is pasted as it is. */
for (const text of document.querySelectorAll("textarea[data-paste]")) {
  text.addEventListener("paste", async (event) => {
    const html = event.clipboardData?.getData("text/html");
    if (!html) return;
    event.preventDefault();
    const plain = event.clipboardData.getData("text/plain");
    const data = new URLSearchParams({ token: text.form.elements.token.value, html });
    let pasted = plain;
    try {
      const answer = await fetch(text.dataset.paste, { method: "POST", body: data });
      if (answer.ok) {
        pasted = (await answer.text()).trim() || plain;
        if (text.form.elements.marked) text.form.elements.marked.value = "1";
      }
    } catch { /* What is plain can always be pasted. */ }
    /* A whole statement begins with its title. */
    if ("titled" in text.dataset && !text.value.trim()) pasted = pasted.replace(/^#{2,6} /, "# ");
    text.focus();
    /* This way it can be undone like anything typed. */
    if (!document.execCommand("insertText", false, pasted)) {
      text.setRangeText(pasted, text.selectionStart, text.selectionEnd, "end");
    }
    text.dispatchEvent(new Event("input", { bubbles: true }));
  });
}
