"use strict";

const basket = new Map();
const find = (id) => document.getElementById(id);
const euros = new Intl.NumberFormat("en-IE", { style: "currency", currency: "EUR" });
const money = (cents) => euros.format(cents / 100);

async function ask(path, body) {
  const options = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(path, options);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

function say(text, wrong = false) {
  find("message").textContent = text;
  find("message").classList.toggle("wrong", wrong);
}

function card(product) {
  const item = find("product").content.cloneNode(true);
  item.querySelector("h3").textContent = product.name;
  item.querySelector(".origin").textContent = product.origin;
  item.querySelector(".note").textContent = product.note;
  item.querySelector(".price").textContent = money(product.price);
  item.querySelectorAll("path")[0].style.fill = `hsl(${product.hue} 38% 36%)`;
  const button = item.querySelector("button");
  button.setAttribute("aria-label", `Add ${product.name} to the basket`);
  button.addEventListener("click", () => change(product.sku, 1));
  return item;
}

function line({ sku, name, quantity, price }) {
  const item = document.createElement("li");
  const words = [`${quantity} × ${name}`, money(price)].map((text) => {
    const span = document.createElement("span");
    span.textContent = text;
    return span;
  });
  const less = document.createElement("button");
  less.type = "button";
  less.textContent = "−";
  less.setAttribute("aria-label", `One ${name} less`);
  less.addEventListener("click", () => change(sku, -1));
  item.append(...words, less);
  return item;
}

async function change(sku, by) {
  const before = basket.get(sku) ?? 0;
  if (before + by > 0) basket.set(sku, before + by);
  else basket.delete(sku);
  try {
    await show();
    say("");
  } catch (error) {
    if (before > 0) basket.set(sku, before);
    else basket.delete(sku);
    say(error.message, true);
  }
}

async function show() {
  const empty = basket.size === 0;
  const quote = empty ? { lines: [] } : await ask("/api/quote", { basket: Object.fromEntries(basket) });
  find("lines").replaceChildren(...quote.lines.map(line));
  find("empty").hidden = !empty;
  find("sums").hidden = empty;
  find("checkout").hidden = empty;
  if (empty) return;
  for (const sum of ["subtotal", "shipping", "total"]) find(sum).textContent = money(quote[sum]);
}

async function order(event) {
  event.preventDefault();
  try {
    const placed = await ask("/api/orders", { customer: find("customer").value, basket: Object.fromEntries(basket) });
    basket.clear();
    await show();
    say(`Thank you. Your order has number ${placed.number}.`);
  } catch (error) {
    say(error.message, true);
  }
}

async function open() {
  find("checkout").addEventListener("submit", order);
  try {
    const { products } = await ask("/api/products");
    find("products").replaceChildren(...products.map(card));
  } catch {
    find("products").textContent = "The shop cannot be reached. Please try again.";
  }
}

open();
