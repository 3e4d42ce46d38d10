/** @type {Record<string, string>} */
export const CITIES = {
  Berlin: "Europe/Berlin",
  "São Paulo": "America/Sao_Paulo",
  Tokyo: "Asia/Tokyo",
};

/**
 * The time in a city, as hours and minutes.
 * @param {string} city
 * @param {Date} now
 */
export function timeIn(city, now) {
  const timeZone = CITIES[city];
  if (!timeZone) throw new RangeError(`no clock is in ${city}`);
  return new Intl.DateTimeFormat("en-GB", {
    timeZone,
    timeStyle: "short",
  }).format(now);
}
