// Loads the page anew when a template, a catalogue or a style sheet changed; only `mailer preview pages` adds it.
(() => {
  const before = document.currentScript.dataset.stamp;
  setInterval(async () => {
    const answer = await fetch("/preview/stamp").catch(() => null);
    if (answer && answer.ok && (await answer.text()) !== before) location.reload();
  }, 700);
})();
