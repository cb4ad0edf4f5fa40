/**
 * Runs before the first paint (a blocking script in <head>): puts the choices made in this browser on <html>, so that no
 * page flashes in the wrong colours, and labels the cells of tables as they come. Preferences stored with the account
 * (data-saved) come with the page and win.
 */
import { labelWhileRead } from "./labels.js";

const root = document.documentElement;
for (const key of ["theme", "updown", "rail", "density", "keys"]) {
  try {
    if ((key === "theme" || key === "updown") && root.dataset.saved !== undefined) {
      if (root.dataset[key]) localStorage.setItem(`cw-${key}`, root.dataset[key]);
      else localStorage.removeItem(`cw-${key}`);
      continue;
    }
    const value = localStorage.getItem(`cw-${key}`);
    if (value) root.dataset[key] = value;
  } catch {
    // Storage is refused (private window): the system's theme stands.
  }
}

labelWhileRead();
