/** The language's services on the server, and places as they count them: lines and columns from 1, by characters. */
import { csrfToken } from "../dom.js";
import { t } from "../words.js";

/** What `${base}${name}/` answers to `body`, or null where it has nothing to say. Throws when it cannot be reached or refuses; `problem` is what it says then. */
export async function ask(base, name, body, signal) {
  const response = await fetch(`${base}${name}/`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrfToken() },
    body: JSON.stringify(body),
    signal,
  });
  if (response.status === 204) return null;
  const content = await response.json().catch(() => ({}));
  if (response.ok) return content;
  throw Object.assign(new Error(content.detail || t("The server answered {status}.", { status: response.status })), { problem: content });
}

/** Line and column of a position; a character outside the basic plane counts once, as it does on the server. */
export function placeOf(doc, position) {
  const line = doc.lineAt(position);
  return { line: line.number, column: [...doc.sliceString(line.from, position)].length + 1 };
}

/** The position of a column in a line of the document; places beyond either end are moved to it. */
export function positionOf(doc, line, column) {
  const found = doc.line(Math.min(Math.max(line, 1), doc.lines));
  const before = [...found.text].slice(0, Math.max(column - 1, 0)).join("");
  return found.from + before.length;
}
