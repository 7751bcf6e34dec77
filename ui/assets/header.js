// Runs with the header: the document takes the language that the header was drawn in.
const applyLanguage = () => {
  const language = element.querySelector("[data-language]")?.dataset.language;
  if (!language) return;
  document.documentElement.lang = language;
  if ("ready" in document.documentElement.dataset) return;
  document.documentElement.dataset.ready = ""; // from here on the page is visible
  // On a phone the focus would bring up the keyboard, over what there is to read.
  if (matchMedia("(min-width: 900px)").matches) document.querySelector("#question textarea")?.focus();
};
applyLanguage();
watch("value", applyLanguage);
