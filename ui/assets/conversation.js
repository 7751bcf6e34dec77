// Draws the turns into a live region. Only a turn whose HTML changed is touched: in the others, what is open stays
// open and what has the focus keeps it. The HTML comes from ui/render.py, escaped.
const log = element.querySelector("[role=log]");
const welcome = element.querySelector(".welcome-place");
const drawn = [];

const draw = () => {
  const { label, turns, welcome: empty } = props.value;
  element.ariaLabel = label;
  log.ariaLabel = label;
  if (welcome.innerHTML !== empty) welcome.innerHTML = empty;
  while (drawn.length > turns.length) {
    drawn.pop();
    log.lastElementChild.remove();
  }
  const nearEnd = element.scrollHeight - element.scrollTop - element.clientHeight < 160;
  let added = false;
  turns.forEach((html, index) => {
    if (drawn[index] === html) return;
    let turn = log.children[index];
    if (!turn) {
      turn = document.createElement("article");
      turn.className = "turn";
      log.append(turn);
      added = true;
    }
    turn.innerHTML = html;
    // A reader that speaks the page waits for the whole answer instead of repeating its beginning.
    turn.ariaBusy = String(Boolean(turn.querySelector(".streaming, .pending")));
    drawn[index] = html;
  });
  if (added || nearEnd) element.scrollTop = element.scrollHeight;
};

const copy = async (text) => {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Without https and away from localhost there is no clipboard object.
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
};

element.addEventListener("click", async (event) => {
  const example = event.target.closest(".example");
  if (example) {
    trigger("click", { question: example.dataset.question });
    if (matchMedia("(min-width: 900px)").matches) document.querySelector("#question textarea")?.focus();
  }
  const button = event.target.closest(".copy");
  if (button) {
    await copy(button.dataset.copy);
    button.classList.add("done");
    button.focus();
    setTimeout(() => button.classList.remove("done"), 2000);
  }
});

element.tabIndex = 0; // what scrolls must be reachable from the keyboard
element.role = "region";
draw();
watch("value", draw);
