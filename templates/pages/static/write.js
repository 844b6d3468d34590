/* On the writing page: saves by itself, shows the letter while one types, cleans what is pasted. Without it, buttons do. */
const form = document.getElementById("write");
const body = document.getElementById("body");
const saved = document.getElementById("saved");
const sheet = document.getElementById("sheet");
const save = form.querySelector("button:not([formaction])");
const posted = () => new URLSearchParams(new FormData(form));
const written = () => { const all = posted(); all.delete("revision"); return all.toString(); };
let kept = written(), saving = false, waiting = false, stopped = save.disabled, count = 0;

document.querySelector("markdown-toolbar").hidden = false;
document.getElementById("lively").textContent = "It follows what you type.";

/* A frame of its own each time: the old one stays until the new one is there, and Back goes where it should. */
function show() {
  const fresh = sheet.querySelector("iframe").cloneNode();
  fresh.removeAttribute("src");
  fresh.name = `letter${++count}`;
  fresh.className = "coming";
  sheet.append(fresh);
  const number = count;
  const button = document.getElementById("render");
  const done = () => {
    if (number !== count) { fresh.remove(); return; }
    fresh.className = "";
    for (const other of sheet.querySelectorAll("iframe")) if (other !== fresh) other.remove();
  };
  button.formTarget = fresh.name;
  form.requestSubmit(button);
  fresh.addEventListener("load", done, { once: true });
}

async function keep() {
  if (stopped || saving || written() === kept) return;
  saving = true;
  const now = written(), data = posted();
  data.set("auto", "1");
  try {
    const answer = await fetch(form.action, { method: "POST", body: data });
    const said = await answer.json();
    if (answer.ok) {
      form.elements.revision.value = said.revision;
      kept = now;
      saved.textContent = `Saved ${new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`;
    } else {
      stopped = answer.status === 409;
      saved.textContent = `Not saved: ${said.error}${stopped ? ". Press Save to go on." : ""}`;
    }
  } catch {
    saved.textContent = "Not saved: the desk does not answer, or you were logged out. Your text is still here.";
  }
  saving = false;
  if (waiting) { waiting = false; form.requestSubmit(save); }
}

function after(milliseconds, act) {
  let timer = 0;
  return () => { clearTimeout(timer); timer = setTimeout(act, milliseconds); };
}
const soonShow = after(500, show), soonKeep = after(1500, keep);
form.addEventListener("input", () => { soonShow(); soonKeep(); });
form.addEventListener("submit", (event) => {
  if (event.submitter !== save && event.submitter !== null) return;
  /* What is being saved right now makes this a step older: it goes out right after. */
  if (saving) { event.preventDefault(); waiting = true; } else kept = written();
});
addEventListener("beforeunload", (event) => { if (written() !== kept) event.preventDefault(); });

const marks = { KeyB: "bold", KeyI: "italic", KeyK: "link", KeyE: "code" };
const blocks = { Period: "quote", Digit8: "unordered-list", Digit7: "ordered-list" };
body.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
  const name = (event.shiftKey ? blocks : marks)[event.code];
  if (name) { event.preventDefault(); document.querySelector(`md-${name}`).click(); }
});
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
  if (event.key === "s") { event.preventDefault(); if (!save.disabled) form.requestSubmit(save); }
  if (event.key === "Enter") { event.preventDefault(); show(); }
});

/* How long the two lines are that inboxes cut. */
for (const name of ["subject", "preheader"]) {
  const field = form.elements[name], counted = document.createElement("span");
  counted.className = "counted small";
  counted.setAttribute("aria-hidden", "true");
  const say = () => { counted.textContent = [...field.value].length; };
  field.labels[0].before(counted);
  field.addEventListener("input", say);
  say();
}
