// What the pages do beyond HTML: prices by a WebSocket, and carts without a
// page load. Without this file everything works, and stands still.
"use strict";

const $ = (selector) => document.querySelectorAll(selector);
const money = (cents) => "€ " + (cents / 100).toFixed(2);

let prices = {};

function show(news) {
  for (const e of $("[data-price]")) {
    const id = e.dataset.price, was = prices[id], now = news.prices[id];
    e.textContent = money(now);
    e.classList.toggle("up", now > was);
    e.classList.toggle("down", now < was);
  }
  let total = 0;
  for (const e of $("[data-sum]")) {
    const sum = news.prices[e.dataset.sum] * e.dataset.of;
    e.textContent = money(sum);
    total += sum;
  }
  for (const e of $("[data-total]")) e.textContent = money(total);
  const others = news.visitors - 1;
  for (const e of $("[data-visitors]")) {
    e.textContent = others > 0 ? `You and ${others} more are looking at these prices.` : "You are the only one looking at these prices.";
  }
  prices = news.prices;
}

// live opens the WebSocket, and again when it has ended, later each time. A page
// that was left may be kept for the way back: it lets go of its WebSocket.
let socket, away = false;
function live(wait = 1000) {
  if (away) return;
  const ws = socket = new WebSocket(location.origin.replace(/^http/, "ws") + "/live");
  const dot = (on) => { for (const e of $("[data-live]")) e.classList.toggle("on", on); };
  ws.onmessage = (event) => { wait = 1000; dot(true); show(JSON.parse(event.data)); };
  ws.onclose = () => { dot(false); setTimeout(live, wait, Math.min(2 * wait, 60000)); };
}
addEventListener("pagehide", () => { away = true; socket.onclose = null; socket.close(); });
addEventListener("pageshow", (event) => { if (event.persisted) { away = false; live(); } });

let fading;
function toast(text) {
  const e = document.querySelector("[data-toast]");
  e.textContent = text;
  e.hidden = false;
  clearTimeout(fading);
  fading = setTimeout(() => { e.hidden = true; }, 3000);
}

async function add(event) {
  event.preventDefault();
  const form = new FormData(event.target);
  try {
    const response = await fetch("/api/cart", {
      method: "POST", headers: { "content-type": "application/json" },
      body: JSON.stringify({ id: form.get("id"), metres: Number(form.get("metres")) }),
    });
    const answer = await response.json();
    if (response.ok) for (const e of $("[data-metres]")) e.textContent = answer.metres + " m";
    toast(response.ok ? `In your cart: ${answer.metres} m.` : answer.error);
  } catch {
    toast("The shop does not answer. Please try again.");
  }
}

for (const form of $("form[data-add]")) form.addEventListener("submit", add);
live();
