/** A price as people read it. */
export function euros(cents) {
  return new Intl.NumberFormat("en", {
    style: "currency",
    currency: "EUR",
  }).format(cents / 100);
}

/** The page, with the answer where something was asked. */
export function page(answer) {
  const said = answer ? `<p role="status">${escaped(answer)}</p>` : "";
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Send a parcel</title>
<h1>Send a parcel</h1>
<form>
  <label>Grams <input name="grams" type="number" min="1" required></label>
  <label>To <select name="to"><option>inland<option>abroad</select></label>
  <button>Price?</button>
</form>
${said}
</html>
`;
}

function escaped(text) {
  return text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
