// What is kept in the browser, for this tab and for the next one. The values of a page are kept by name, as JSON.
const key = `phonelm:${location.pathname}`;
const isLink = [...new URLSearchParams(location.search).keys()].some((name) => !/^(__|utm_)/.test(name));

function read(storage) {
  try {
    return JSON.parse(storage.getItem(key));
  } catch { // no storage, or something else in it
    return null;
  }
}

// The values with which the page begins, as JSON; none for a link that is opened for the first time.
function kept() {
  const mine = read(sessionStorage);
  if (mine?.search === location.search) return JSON.stringify(mine.values);
  return JSON.stringify((!isLink && read(localStorage)?.values) || {});
}

function begin() {
  document.documentElement.dataset.remembers = "";
}

function save(names, values) {
  if (!("remembers" in document.documentElement.dataset)) return; // or the defaults would take the place of what is kept
  const mine = read(sessionStorage), now = Object.fromEntries(names.map((name, i) => [name, values[i]]));
  const all = {search: location.search, values: {...(mine?.search === location.search ? mine.values : {}), ...now}};
  try {
    sessionStorage.setItem(key, JSON.stringify(all));
    if (!isLink) localStorage.setItem(key, JSON.stringify(all));
  } catch {} // full, or forbidden: then nothing is kept
}
