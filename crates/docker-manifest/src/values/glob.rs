//! Patterns of names, with `*` and `?`.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// A pattern: `*` stands for any characters, `?` for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(Vec<char>);

impl FromStr for Glob {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.chars().collect()))
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|c| write!(f, "{c}"))
    }
}

impl Glob {
    /// Tells whether the whole of a name matches.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        let (pattern, name): (&[char], Vec<char>) = (&self.0, name.chars().collect());
        let (mut at, mut place) = (0, 0);
        // The last `*`, and the place in the name where its characters end: it takes one more if the rest does not match.
        let mut star: Option<(usize, usize)> = None;
        while place < name.len() {
            match pattern.get(at) {
                Some('*') => {
                    star = Some((at, place));
                    at += 1;
                }
                Some(c) if *c == '?' || *c == name[place] => {
                    at += 1;
                    place += 1;
                }
                _ => match &mut star {
                    Some((begin, end)) => {
                        *end += 1;
                        (at, place) = (*begin + 1, *end);
                    }
                    None => return false,
                },
            }
        }
        pattern[at..].iter().all(|c| *c == '*')
    }
}

#[cfg(test)]
mod tests {
    use super::Glob;

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, name, matches) in [
            ("1.*", "1.2.3", true),
            ("1.*", "1", false),
            ("1.*", "v1.2", false),
            ("*-alpine", "1.2-alpine", true),
            ("*-alpine", "1.2-alpine3", false),
            ("1.?", "1.2", true),
            ("1.?", "1.22", false),
            ("*a*b*", "xaybz", true),
            ("*a*b*", "xbya", false),
            ("latest", "latest", true),
            ("", "", true),
            ("", "a", false),
            ("**", "", true),
        ] {
            let glob: Glob = pattern.parse().unwrap();
            assert_eq!(glob.matches(name), matches, "{pattern} {name}");
        }
    }

    #[test]
    fn hostile_patterns_end_soon() {
        let glob: Glob = "*a".repeat(200).parse().unwrap();
        assert!(!glob.matches(&"a".repeat(128)));
        assert!(!glob.matches(&format!("{}b", "a".repeat(2000))));
    }
}
