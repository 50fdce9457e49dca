// The page's players for clips take a file for sound by its type alone. What a recorder wrote as WebM or MP4 has the
// type of a video, and some files have none; the server reads them all. So each file passes for sound here.
const CLIPS = "#voice, #compare-a-voice, #compare-b-voice, #long-voice, #inside-clip";
const ACCEPT = "audio/*,video/mp4,video/webm,video/quicktime,.m4a,.mp4,.webm,.mov,.opus,.amr,.caf,.3gp";

function isSound(file) {
  return file.type.startsWith("audio/");
}

function asSound(files) {
  const passed = new DataTransfer();
  for (const file of files) {
    passed.items.add(isSound(file) ? file : new File([file], file.name, {type: "audio/mp4"}));
  }
  return passed;
}

document.addEventListener("click", (event) => {
  for (const input of event.target.closest?.(CLIPS)?.querySelectorAll("input[type=file]") || []) input.accept = ACCEPT;
}, true);
document.addEventListener("change", (event) => {
  const input = event.target;
  if (input.type !== "file" || !input.closest(CLIPS) || [...input.files].every(isSound)) return;
  input.files = asSound(input.files).files;
}, true);
document.addEventListener("drop", (event) => {
  const files = [...(event.dataTransfer?.files || [])];
  if (!event.target.closest?.(CLIPS) || !files.length || files.every(isSound)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  event.target.dispatchEvent(new DragEvent("drop", {bubbles: true, cancelable: true, dataTransfer: asSound(files)}));
}, true);
