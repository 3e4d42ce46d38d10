//! Colours, and what to answer when somebody asks for one.

use std::fmt;
use std::str::FromStr;

/// A colour as three shares of light.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour {
    /// How much red.
    pub red: u8,
    /// How much green.
    pub green: u8,
    /// How much blue.
    pub blue: u8,
}

/// The text is no colour in six hexadecimal digits.
#[derive(Debug, PartialEq, Eq)]
pub struct NotAColour;

impl fmt::Display for NotAColour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a colour has six hexadecimal digits, such as 336699")
    }
}

impl FromStr for Colour {
    type Err = NotAColour;

    fn from_str(text: &str) -> Result<Self, NotAColour> {
        if text.len() != 6 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NotAColour);
        }
        let part = |at| u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| NotAColour);
        Ok(Self {
            red: part(0)?,
            green: part(2)?,
            blue: part(4)?,
        })
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

impl Colour {
    /// Black or white, whichever can be read better upon this colour.
    #[must_use]
    pub fn text(self) -> Self {
        let light =
            299 * u32::from(self.red) + 587 * u32::from(self.green) + 114 * u32::from(self.blue);
        let share = if light >= 128_000 { 0 } else { 255 };
        Self {
            red: share,
            green: share,
            blue: share,
        }
    }
}

/// Status and body for a request's first line.
#[must_use]
pub fn answer(request: &str) -> (u16, String) {
    let mut words = request.split_whitespace();
    let (method, path) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    if method != "GET" {
        return (405, error("only GET is answered"));
    }
    if path == "/health" {
        return (200, r#"{"status":"up"}"#.to_owned());
    }
    match path.strip_prefix("/colours/").map(str::parse::<Colour>) {
        Some(Ok(colour)) => (200, told(colour)),
        Some(Err(reason)) => (400, error(&reason.to_string())),
        None => (404, error("nothing is here")),
    }
}

fn told(colour: Colour) -> String {
    let Colour { red, green, blue } = colour;
    let text = colour.text();
    format!(r#"{{"red":{red},"green":{green},"blue":{blue},"text":"{text}"}}"#)
}

fn error(message: &str) -> String {
    format!(r#"{{"error":"{message}"}}"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_read_and_written() {
        let colour: Colour = "336699".parse().unwrap();
        assert_eq!(
            colour,
            Colour {
                red: 51,
                green: 102,
                blue: 153
            }
        );
        assert_eq!(colour.to_string(), "336699");
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "33669", "3366990", "gggggg", "+33669", "é3669"] {
            assert_eq!(text.parse::<Colour>(), Err(NotAColour), "{text}");
        }
    }

    #[test]
    fn text_can_be_read() {
        for (background, text) in [
            ("ffffff", "000000"),
            ("000000", "ffffff"),
            ("336699", "ffffff"),
        ] {
            assert_eq!(
                background.parse::<Colour>().unwrap().text().to_string(),
                text
            );
        }
    }

    #[test]
    fn every_request_has_an_answer() {
        for (request, status) in [
            ("GET /health HTTP/1.1", 200),
            ("GET /colours/336699 HTTP/1.1", 200),
            ("GET /colours/blue HTTP/1.1", 400),
            ("GET / HTTP/1.1", 404),
            ("POST /health HTTP/1.1", 405),
            ("", 405),
        ] {
            assert_eq!(answer(request).0, status, "{request}");
        }
    }
}
