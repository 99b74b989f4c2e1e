//! Variables: their values, and their use in texts.
//!
//! The syntax is that of Compose files ([interpolation](https://docs.docker.com/reference/compose-file/interpolation/)), with
//! all its operators. A value that is filled in is not searched for variables again.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::str::FromStr;

use crate::error::{Problem, quoted};
use crate::limits::{SUBSTITUTED_BYTES, VARIABLE_DEPTH};

/// The values of variables from the command line. None come from anywhere else than from here and from the files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variables {
    set: BTreeMap<String, String>,
    environment: BTreeMap<String, Option<String>>,
}

/// The text is not the name of a variable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a variable: use letters, digits and _, with no digit first")]
pub struct VariableNameError;

/// The name of a variable: ASCII letters, digits and `_`, with no digit first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariableName(String);

impl VariableName {
    /// Returns the name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for VariableName {
    type Err = VariableNameError;

    fn from_str(text: &str) -> Result<Self, VariableNameError> {
        if is_name(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(VariableNameError)
        }
    }
}

impl Variables {
    /// Gives a variable a value (`--set NAME=VALUE`), which counts before all others.
    pub fn set(&mut self, name: VariableName, value: &str) {
        self.set.insert(name.0, value.to_owned());
    }

    /// Allows a variable of the environment (`--env NAME`), whose value is `value`. It counts before values in files. `None`
    /// means that the environment does not have it, which an error about it then says.
    pub fn allow(&mut self, name: VariableName, value: Option<String>) {
        self.environment.insert(name.0, value);
    }

    /// Returns the names that have been set.
    pub(crate) fn set_names(&self) -> impl Iterator<Item = &str> {
        self.set.keys().map(String::as_str)
    }
}

/// Tells whether a text is the name of a variable.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty() && name_at_start(text) == text
}

/// Returns the name at the beginning of a text. It is empty if there is none.
fn name_at_start(text: &str) -> &str {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return "";
    }
    &text[..text.find(|c| !is_word(c)).unwrap_or(text.len())]
}

/// The variables at one place: those of the command line, and those that the files have declared so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope<'v> {
    /// The values of the command line.
    pub(crate) given: &'v Variables,
    /// The values in files, by name.
    pub(crate) declared: &'v BTreeMap<String, String>,
}

/// A text that is being filled in.
struct Substitution<'v, 'u> {
    scope: Scope<'v>,
    used: &'u mut dyn FnMut(&str),
    output: String,
}

impl<'v> Scope<'v> {
    /// Returns the value of a variable.
    fn value(&self, name: &str) -> Option<&'v str> {
        let Variables { set, environment } = self.given;
        let from_environment = || environment.get(name)?.as_ref();
        let value = set.get(name).or_else(from_environment);
        value
            .or_else(|| self.declared.get(name))
            .map(String::as_str)
    }

    /// Fills in the variables of a text, and names those that it uses to `used`.
    ///
    /// # Errors
    /// Returns an error if a variable has no value, the syntax is wrong, or the result is too long.
    pub(crate) fn fill<'t>(
        self,
        text: Cow<'t, str>,
        used: &mut dyn FnMut(&str),
    ) -> Result<Cow<'t, str>, Problem> {
        if !text.contains('$') {
            return Ok(text);
        }
        let mut substitution = Substitution {
            scope: self,
            used,
            output: String::with_capacity(text.len()),
        };
        let rest = substitution.add(&text, VARIABLE_DEPTH, None)?;
        debug_assert!(rest.is_empty(), "a text without an end is read whole");
        Ok(Cow::Owned(substitution.output))
    }

    fn undefined(&self, name: &str) -> Problem {
        let message = format!("the variable {name} has no value");
        let hint = match self.given.environment.get(name) {
            Some(_) => format!(
                "the environment has no {name}: export it, or write a default: `${{{name}:-VALUE}}`"
            ),
            None => format!(
                "give it with `--set {name}=VALUE`, take it from the environment with `--env {name}`, declare it under \
                 `variables:`, or write a default: `${{{name}:-VALUE}}`. A dollar sign is written `$$`"
            ),
        };
        Problem { message, hint }
    }
}

/// The advice for a syntax error.
const SYNTAX: &str = "write ${NAME}, ${NAME:-DEFAULT}, or $$ for a dollar sign";

impl Substitution<'_, '_> {
    /// Adds a text up to its end, or up to the brace that closes it, and returns the rest behind that.
    fn add<'t>(
        &mut self,
        text: &'t str,
        depth: usize,
        until: Option<char>,
    ) -> Result<&'t str, Problem> {
        let mut rest = text;
        loop {
            let stop = rest.find(|c| c == '$' || Some(c) == until);
            let Some(stop) = stop else {
                if until.is_some() {
                    let message = format!("{} has no closing brace", quoted(text));
                    return Err(Problem::new(message, SYNTAX));
                }
                self.push(rest)?;
                return Ok("");
            };
            self.push(&rest[..stop])?;
            rest = &rest[stop + 1..];
            if !text[text.len() - rest.len() - 1..].starts_with('$') {
                return Ok(rest);
            }
            rest = self.add_variable(rest, depth)?;
        }
    }

    /// Adds what a dollar sign stands for, and returns the rest. `rest` begins behind the sign.
    fn add_variable<'t>(&mut self, rest: &'t str, depth: usize) -> Result<&'t str, Problem> {
        if let Some(rest) = rest.strip_prefix('$') {
            self.push("$")?;
            return Ok(rest);
        }
        if let Some(inner) = rest.strip_prefix('{') {
            return self.add_braced(inner, depth);
        }
        let name = name_at_start(rest);
        if name.is_empty() {
            let message = format!("invalid variable {}", quoted(&format!("${rest}")));
            return Err(Problem::new(message, SYNTAX));
        }
        (self.used)(name);
        let value = self.scope.value(name);
        self.push(value.ok_or_else(|| self.scope.undefined(name))?)?;
        Ok(&rest[name.len()..])
    }

    /// Adds the value of a variable in braces. `inner` begins behind the opening one.
    fn add_braced<'t>(&mut self, inner: &'t str, depth: usize) -> Result<&'t str, Problem> {
        let syntax = || {
            let message = format!("invalid variable {}", quoted(&format!("${{{inner}")));
            Problem::new(message, SYNTAX)
        };
        let name = name_at_start(inner);
        if name.is_empty() {
            return Err(syntax());
        }
        let Some(depth) = depth.checked_sub(1) else {
            let message = format!("variables are nested more than {VARIABLE_DEPTH} levels deep");
            return Err(Problem::new(message, SYNTAX));
        };
        (self.used)(name);
        let rest = &inner[name.len()..];
        let value = self.scope.value(name);
        if let Some(rest) = rest.strip_prefix('}') {
            self.push(value.ok_or_else(|| self.scope.undefined(name))?)?;
            return Ok(rest);
        }
        // With a colon, an empty value counts as none.
        let (value, rest) = match rest.strip_prefix(':') {
            Some(rest) => (value.filter(|value| !value.is_empty()), rest),
            None => (value, rest),
        };
        let mut chars = rest.chars();
        let operator = chars.next().ok_or_else(syntax)?;
        let word = chars.as_str();
        let start = self.output.len();
        // The word is filled in even if it is not used, as only that finds its end. Only then may it lack a value.
        let is_used = match operator {
            '-' | '?' => value.is_none(),
            '+' => value.is_some(),
            _ => return Err(syntax()),
        };
        let rest = if is_used {
            self.add(word, depth, Some('}'))?
        } else {
            skip(word).ok_or_else(syntax)?
        };
        match (operator, value) {
            ('-', Some(value)) => self.push(value)?,
            ('?', Some(value)) => self.push(value)?,
            ('?', None) => {
                let reason = self.output.split_off(start);
                let error = self.scope.undefined(name);
                let message = if reason.is_empty() {
                    error.message
                } else {
                    format!("{}: {}", error.message, quoted(&reason))
                };
                return Err(Problem { message, ..error });
            }
            _ => {}
        }
        Ok(rest)
    }

    fn push(&mut self, text: &str) -> Result<(), Problem> {
        if self.output.len() + text.len() > SUBSTITUTED_BYTES {
            let message =
                format!("the text is longer than {SUBSTITUTED_BYTES} bytes with its variables");
            return Err(Problem::new(message, "shorten the values"));
        }
        self.output.push_str(text);
        Ok(())
    }
}

/// Returns the rest behind the brace that closes a text.
fn skip(text: &str) -> Option<&str> {
    let mut depth = 0usize;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '$' => match chars.peek() {
                Some((_, '$')) => {
                    chars.next();
                }
                Some((_, '{')) => {
                    chars.next();
                    depth += 1;
                }
                _ => {}
            },
            '}' if depth == 0 => return Some(&text[at + 1..]),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests;
