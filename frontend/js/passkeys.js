/**
 * `<form data-passkey="URL">`: asks the URL for a question, the authenticator for its answer, and sends the form with it.
 * With `data-passkey-make` a passkey is made, with `data-passkey-anybody` any of this site's may answer. The button comes
 * disabled: pressed before this script came it would send the form without an answer.
 */
import { csrfToken, onElements } from "./dom.js";
import { t } from "./words.js";

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

/** The server's JSON with its base64url texts as the bytes that browsers want. */
function readable({ publicKey }) {
  const credentials = (list) => list?.map((credential) => ({ ...credential, id: bytes(credential.id) }));
  return {
    ...publicKey,
    challenge: bytes(publicKey.challenge),
    ...(publicKey.user && { user: { ...publicKey.user, id: bytes(publicKey.user.id) } }),
    ...(publicKey.excludeCredentials && { excludeCredentials: credentials(publicKey.excludeCredentials) }),
    ...(publicKey.allowCredentials && { allowCredentials: credentials(publicKey.allowCredentials) }),
  };
}

/** The answer as JSON, its bytes as base64url. */
function sendable(credential) {
  const { response } = credential;
  const fields = response.attestationObject
    ? { attestationObject: text(response.attestationObject), transports: response.getTransports?.() ?? [] }
    : {
        authenticatorData: text(response.authenticatorData),
        signature: text(response.signature),
        userHandle: response.userHandle ? text(response.userHandle) : null,
      };
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response: { clientDataJSON: text(response.clientDataJSON), ...fields },
    clientExtensionResults: {},
  });
}

async function question(form) {
  const body = new URLSearchParams(form.hasAttribute("data-passkey-anybody") ? { anybody: "1" } : {});
  const answer = await fetch(form.dataset.passkey, { method: "POST", headers: { "X-CSRFToken": csrfToken() }, body });
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.detail);
  return readable(found);
}

function words(error) {
  if (error.name === "NotAllowedError") return t("The browser gave no answer: it was cancelled, took too long, or has no fitting passkey.");
  if (error.name === "InvalidStateError") return t("This device has a passkey for your account already.");
  return error.message || t("The passkey could not be used.");
}

export function startPasskeys() {
  onElements("form[data-passkey] button[type=submit]", (button) => (button.disabled = false));
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.dataset.passkey) return;
    event.preventDefault();
    const complaint = form.querySelector("[data-passkey-error]");
    const button = form.querySelector("button[type=submit]");
    complaint.hidden = true;
    button.disabled = true;
    try {
      if (!navigator.credentials || !window.PublicKeyCredential) throw new Error(t("This browser knows no passkeys, or the address is not secure."));
      const publicKey = await question(form);
      const credential = await navigator.credentials[form.hasAttribute("data-passkey-make") ? "create" : "get"]({ publicKey });
      form.elements.passkey.value = sendable(credential);
      form.submit();
    } catch (error) {
      complaint.textContent = words(error);
      complaint.hidden = false;
      button.disabled = false;
    }
  });
}
