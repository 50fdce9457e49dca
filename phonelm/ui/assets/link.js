async (text, by_hand, phonemes, voice, temperature, top_k, top_p, codebooks, clamp, guidance, speed, pitch, intonation, seed) => {
  // Copies a link to the page as it is set, and says so. A clip stays where it is: it is nobody else's business.
  const isClip = voice === "clip";
  const set = {text, ...(by_hand && {phonemes}), ...(!isClip && {voice}), temperature, top_k, top_p, codebooks, clamp, guidance, speed, pitch, intonation, seed};
  for (const name of ["text", "phonemes"]) if (!set[name]) delete set[name];
  const link = new URL(location.pathname, location.origin);
  link.search = new URLSearchParams(set);
  const copied = await navigator.clipboard?.writeText(link.href).then(() => true, () => false);
  const said = copied ? "Copied: " : "The browser did not let it be copied; take it from here: ";
  const anchor = Object.assign(document.createElement("a"), {href: link.href, textContent: "link to this text and these settings"});
  const clip = isClip ? "<p class=problem>The voice clip is not in the link; whoever opens it hears a bundled voice.</p>" : "";
  return `<p class=note>${said}${anchor.outerHTML}</p>${clip}`;
}
