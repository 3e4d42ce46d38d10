import assert from "node:assert/strict";
import { test } from "node:test";

import { CITIES, timeIn } from "../public/time.js";

const NOON = new Date("2026-01-15T12:00:00Z");

test("every city has its own time", () => {
  assert.deepEqual(
    Object.keys(CITIES).map((city) => timeIn(city, NOON)),
    ["13:00", "09:00", "21:00"],
  );
});

test("a city without a clock is refused", () => {
  assert.throws(() => timeIn("Atlantis", NOON), RangeError);
});
