// The browser's own storage of takes. Where there is none, or it is full, the takes of this visit are all there is.

const DATABASE = `phonelm:${location.pathname}`, STORE = "takes";

function database() {
  return new Promise((done, failed) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, {keyPath: "key"});
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
}

async function inStore(mode, work) {
  try {
    const base = await database();
    return await new Promise((done, failed) => {
      const transaction = base.transaction(STORE, mode), request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => done(request?.result);
      transaction.onerror = transaction.onabort = () => failed(transaction.error);
    }).finally(() => base.close());
  } catch {
    return null;
  }
}

async function storedTakes() {
  return ((await inStore("readonly", (store) => store.getAll())) || []).sort((a, b) => b.time - a.time);
}

// Keep a take, and forget all but the newest `most`.
async function storeTake(take, most) {
  await inStore("readwrite", (store) => store.put(take));
  const old = (await storedTakes()).slice(most);
  if (old.length) await inStore("readwrite", (store) => old.map(({key}) => store.delete(key)).at(-1));
}

function forgetTake(key) {
  return inStore("readwrite", (store) => store.delete(key));
}
