/* A button beside each text that is there to be copied; without script one marks the text by hand. */
for (const text of document.querySelectorAll("textarea[data-copy]")) {
  const label = text.labels[0];
  const button = document.createElement("button");
  button.type = "button";
  button.className = "slim quiet";
  button.textContent = "Copy";
  button.setAttribute("aria-label", `Copy: ${label.textContent}`);
  const said = document.createElement("span");
  said.setAttribute("role", "status");
  button.addEventListener("click", async () => {
    text.select();
    try {
      await navigator.clipboard.writeText(text.value);
      said.textContent = "Copied";
    } catch {
      said.textContent = "Marked: press Ctrl+C";
    }
  });
  const line = document.createElement("div");
  line.className = "actions";
  line.append(button, said);
  text.closest(".field").after(line);
}
