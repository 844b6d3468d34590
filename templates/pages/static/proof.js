/* Solves the challenge of the page it stands in (ALTCHA version 2, PBKDF2) with what the browser has built in.
   Without it, or without a secure page, the form works as well: by waiting. */
"use strict";
(() => {
  const form = document.querySelector("form[data-challenge]");
  if (!form || !window.crypto || !crypto.subtle) return;
  const challenge = JSON.parse(form.dataset.challenge);
  const { cost, keyLength, keyPrefix, nonce, salt } = challenge.parameters;
  const bytes = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
  const hexed = (data) => Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
  let isDone = false;
  let isWanted = false;

  const show = (step) => {
    for (const each of form.querySelectorAll("[data-step]")) each.hidden = each.dataset.step !== step;
  };

  const solve = async () => {
    const password = new Uint8Array(20);
    password.set(bytes(nonce));
    const counted = new DataView(password.buffer);
    const how = { name: "PBKDF2", hash: "SHA-256", salt: bytes(salt), iterations: cost };
    for (let counter = 0; ; counter += 1) {
      counted.setUint32(16, counter);
      const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
      const derivedKey = hexed(new Uint8Array(await crypto.subtle.deriveBits(how, key, keyLength * 8)));
      if (derivedKey.startsWith(keyPrefix)) return { counter, derivedKey };
    }
  };

  form.addEventListener("submit", (event) => {
    if (isDone) return;
    event.preventDefault();
    isWanted = true;
  });

  show("work");
  solve().then(
    (solution) => {
      form.elements.proof.value = btoa(JSON.stringify({ challenge, solution }));
      isDone = true;
      show("done");
      if (isWanted) form.requestSubmit();
    },
    () => {
      isDone = true;
      show("wait");
    },
  );
})();
