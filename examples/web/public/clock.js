import { CITIES, timeIn } from "./time.js";

const list = document.getElementById("clocks");

function show() {
  const rows = Object.keys(CITIES).flatMap((city) => {
    const name = document.createElement("dt");
    const time = document.createElement("dd");
    name.textContent = city;
    time.textContent = timeIn(city, new Date());
    return [name, time];
  });
  list?.replaceChildren(...rows);
}

show();
setInterval(show, 1000);
