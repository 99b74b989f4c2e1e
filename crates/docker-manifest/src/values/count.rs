//! Numbers of things.

use std::str::FromStr;

/// The value of `--retry`, `--limit` and `--max`: a whole number, 0 or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count(pub u32);

impl FromStr for Count {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err("must be a whole number, 0 or more".to_owned());
        }
        text.parse()
            .map(Self)
            .map_err(|_| format!("must be at most {}", u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_values_are_refused() {
        assert_eq!("007".parse(), Ok(Count(7)));
        let error = |text: &str| text.parse::<Count>().unwrap_err();
        assert_eq!(error("-1"), "must be a whole number, 0 or more");
        assert_eq!(error(""), "must be a whole number, 0 or more");
        assert_eq!(error("99999999999"), "must be at most 4294967295");
    }
}
