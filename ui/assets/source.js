// The source panel: opens the passage that a citation points at, in its article and beside its other edition.
const panel = element.querySelector("#source");
const backdrop = element.querySelector(".backdrop");
const scroller = panel.querySelector(".source-scroll");
const aligned = panel.querySelector(".aligned");
const missing = panel.querySelector(".missing");
const chooser = panel.querySelector(".choose-article");
const narrow = matchMedia("(max-width: 899px)");
const ADDRESS = /^#src-(.+)-(fr|en)-(\d+)-(\d+)$/;

let opener = null; // the citation that the focus goes back to
let shown = null; // { article, language, first, last }: the stretch that is highlighted, by sentence
let chosen = false; // whether a person chose the edition: the page's language no longer does

const articles = () => [...panel.querySelectorAll(".article")];
const current = () => articles().find((article) => !article.hidden);
const edition = (article, language) => article.querySelector(`.edition[data-edition="${language}"]`);

const showArticle = (article) => {
  for (const each of articles()) each.hidden = each !== article;
  if (chooser) chooser.value = article.dataset.article;
};

const showEdition = (article, language) => {
  if (!edition(article, language)) return;
  for (const each of article.querySelectorAll(".edition, .article-title")) {
    each.hidden = each.dataset.edition !== language;
  }
  for (const each of article.querySelectorAll(".choose-edition")) {
    each.ariaPressed = String(each.dataset.edition === language);
  }
};

const clear = () => {
  for (const each of document.querySelectorAll("a.cite.current")) each.classList.remove("current");
  for (const each of panel.querySelectorAll(".cited")) {
    each.classList.remove("cited", "first", "last");
    each.removeAttribute("tabindex");
  }
  aligned.hidden = true;
  missing.hidden = true;
  shown = null;
};

// The sentences and gaps of an edition from one offset to another.
const stretch = (article, language, start, end) =>
  [...edition(article, language).querySelectorAll(".s, .g")].filter(
    (each) => Number(each.dataset.start) >= start && Number(each.dataset.end) <= end,
  );

const sentencesOf = (article, language, first, last) => {
  const all = [...edition(article, language).querySelectorAll(".s")];
  const wanted = all.filter((each) => Number(each.dataset.i) >= first && Number(each.dataset.i) <= last);
  return { start: Number(wanted[0].dataset.start), end: Number(wanted.at(-1).dataset.end) };
};

const textOf = (elements) => elements.map((each) => each.textContent).join("");

const showAligned = () => {
  const { article, language, first, last } = shown;
  const other = [...article.querySelectorAll(".edition")].find((each) => each.dataset.edition !== language);
  aligned.hidden = !other;
  if (!other) return;
  const name = other.dataset.edition;
  const { start, end } = sentencesOf(article, name, first, last);
  const text = aligned.querySelector(".aligned-text");
  text.textContent = textOf(stretch(article, name, start, end));
  text.lang = name;
  const original = name === article.dataset.original;
  aligned.querySelector(".of-original").hidden = !original;
  aligned.querySelector(".of-translation").hidden = original;
};

const highlight = (article, language, start, end) => {
  clear();
  showArticle(article);
  showEdition(article, language);
  const found = stretch(article, language, start, end);
  const sentences = found.filter((each) => each.classList.contains("s"));
  if (!sentences.length) return null;
  for (const each of found) each.classList.add("cited");
  sentences[0].classList.add("first");
  sentences.at(-1).classList.add("last");
  sentences[0].tabIndex = -1;
  shown = { article, language, first: Number(sentences[0].dataset.i), last: Number(sentences.at(-1).dataset.i) };
  showAligned();
  return sentences[0];
};

const reveal = (target) => {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  target.focus({ preventScroll: true });
  const above = target.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
  scroller.scrollBy({ top: above - scroller.clientHeight / 4, behavior: calm ? "auto" : "smooth" });
};

// On a small screen the panel lies over the page, which is then out of reach.
const lift = (up) => {
  panel.classList.toggle("open", up);
  backdrop.hidden = !up;
  panel.role = up ? "dialog" : null;
  panel.ariaModal = up ? "true" : null;
  for (const each of document.querySelectorAll("#header, #chat")) each.inert = up;
};

const close = () => {
  lift(false);
  const back = opener;
  opener = null;
  if (back?.isConnected) back.focus();
  else document.querySelector("#question textarea")?.focus();
};

const openAt = (link) => {
  const [, id, language, start, end] = decodeURIComponent(link.hash).match(ADDRESS) ?? [];
  const article = articles().find((each) => each.dataset.article === id);
  opener = link;
  if (narrow.matches) lift(true);
  const target = article && edition(article, language) && highlight(article, language, Number(start), Number(end));
  if (target) {
    link.classList.add("current");
    return reveal(target);
  }
  clear();
  missing.hidden = false;
  panel.focus();
};

document.addEventListener("click", (event) => {
  const link = event.target.closest("a.cite");
  if (link) {
    event.preventDefault();
    openAt(link);
  }
  const button = event.target.closest("#open-source");
  if (button) {
    opener = button;
    lift(narrow.matches);
    panel.focus();
  }
});

element.addEventListener("click", (event) => {
  if (event.target.closest(".close-source, .back, .backdrop")) close();
  const choice = event.target.closest(".choose-edition, .show-there");
  if (!choice) return;
  const other = aligned.querySelector(".aligned-text").lang;
  const language = choice.dataset.edition ?? other;
  chosen = true;
  if (!shown || shown.article !== current()) return showEdition(current(), language);
  const { article, first, last } = shown;
  const { start, end } = sentencesOf(article, language, first, last);
  const target = highlight(article, language, start, end);
  if (choice.matches(".show-there")) reveal(target);
  else target.scrollIntoView({ block: "center" });
});

chooser?.addEventListener("change", () => {
  clear();
  showArticle(articles().find((each) => each.dataset.article === chooser.value));
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && opener) close();
});

narrow.addEventListener("change", () => {
  if (!narrow.matches) lift(false);
});

const follow = () => {
  if (chosen || shown) return;
  for (const article of articles()) showEdition(article, document.documentElement.lang);
};
follow();
new MutationObserver(follow).observe(document.documentElement, { attributeFilter: ["lang"] });
