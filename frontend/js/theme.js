/**
 * Runs before the first paint (a blocking script in <head>): puts the person's choices on <html>, so that no page
 * flashes in the wrong colours. The switches themselves are in preferences.js.
 */
const root = document.documentElement;
for (const key of ["theme", "updown", "rail"]) {
  try {
    const value = localStorage.getItem(`cw-${key}`);
    if (value) root.dataset[key] = value;
  } catch {
    // Storage is refused (private window): the system's theme stands.
  }
}
