// The user's dictionary, as the text of a lexicon file, in this browser.
const dictionaryKey = "phonelm:dictionary";

function stored() {
  try {
    return localStorage.getItem(dictionaryKey) || "";
  } catch { // no storage
    return "";
  }
}

function store(text) {
  try {
    localStorage.setItem(dictionaryKey, text || "");
  } catch {} // full, or forbidden: then nothing is kept
}
