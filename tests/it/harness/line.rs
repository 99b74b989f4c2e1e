//! Command lines as tests write them: text, with placeholders for the differences between runs.
//!
//! | text | stands for |
//! | --- | --- |
//! | `@/app:1` | `app:1` in the test's registry |
//! | `app@{app:amd64}` | the digest of the image that [`super::world`] has as `app:amd64` |
//! | `'…'` | one word, as in a shell; `''` is an empty one |
//! | `NAME=value create …` | an environment variable for this command |
//! | `create …` | `docker manifest create …` |
//! | `docker -D manifest create …` | itself: global flags can be given |

use super::world;

/// The placeholder for the registry's address in compared text.
pub(crate) const REGISTRY: &str = "REGISTRY";

/// A command line, with all placeholders filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Environment variables.
    pub(crate) variables: Vec<(String, String)>,
    /// The words after `docker`.
    pub(crate) words: Vec<String>,
}

impl Line {
    /// Parses a line for the registry on `host`.
    pub(crate) fn parse(text: &str, host: &str) -> Self {
        let mut words = split(text)
            .into_iter()
            .map(|word| fill(&word, host))
            .peekable();
        let mut variables = Vec::new();
        while let Some((name, value)) = words.peek().and_then(|word| word.split_once('='))
            && name.chars().all(|c| c.is_ascii_uppercase() || c == '_')
        {
            variables.push((name.to_owned(), value.to_owned()));
            words.next();
        }
        let mut words: Vec<String> = words.collect();
        if words.first().is_some_and(|first| first == "docker") {
            words.remove(0);
        } else {
            words.insert(0, "manifest".to_owned());
        }
        Self { variables, words }
    }

    /// Returns the list that the line pushes: the argument of `push` in the registry.
    pub(crate) fn pushes(&self, host: &str) -> Option<&str> {
        let mut words = self.words.iter().skip_while(|word| *word != "push");
        words.next()?;
        words.find_map(|word| word.strip_prefix(host)?.strip_prefix('/'))
    }
}

fn split(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            c if c.is_whitespace() && !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    assert!(!quoted, "a quote is open in {text}");
    words.extend(word);
    words
}

fn fill(word: &str, host: &str) -> String {
    let mut filled = word.replace("@/", &format!("{host}/"));
    while let Some((before, rest)) = filled.split_once('{') {
        let (name, after) = rest.split_once('}').expect("a brace is open");
        filled = format!("{before}{}{after}", world::digest(name));
    }
    filled
}

/// Replaces the registry's address by [`REGISTRY`], in references and in file names.
pub(crate) fn neutral(bytes: &[u8], host: &str) -> Vec<u8> {
    let bytes = replace(bytes, host.as_bytes(), REGISTRY.as_bytes());
    replace(
        &bytes,
        host.replace(':', "-").as_bytes(),
        REGISTRY.as_bytes(),
    )
}

/// Replaces as [`neutral`] does, in text.
pub(crate) fn neutral_text(text: &str, host: &str) -> String {
    text.replace(host, REGISTRY)
        .replace(&host.replace(':', "-"), REGISTRY)
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
        replaced.extend_from_slice(&rest[..at]);
        replaced.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    replaced.extend_from_slice(rest);
    replaced
}

#[test]
fn lines_are_read_as_a_shell_would() {
    let line = Line::parse("A=b create -a '' @/x:1 'y z' --os=linux", "h:5");
    assert_eq!(line.variables, [("A".to_owned(), "b".to_owned())]);
    assert_eq!(
        line.words,
        [
            "manifest",
            "create",
            "-a",
            "",
            "h:5/x:1",
            "y z",
            "--os=linux"
        ]
    );
    let line = Line::parse("docker -D manifest push -p @/x@{app:amd64}", "h:5");
    assert_eq!(line.words[..3], ["-D", "manifest", "push"]);
    assert_eq!(
        line.pushes("h:5"),
        Some(&*format!("x@{}", world::digest("app:amd64")))
    );
    assert_eq!(
        neutral(b"h:5/x h-5_x h:6", "h:5"),
        b"REGISTRY/x REGISTRY_x h:6"
    );
}
