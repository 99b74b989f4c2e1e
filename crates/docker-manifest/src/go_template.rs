//! Go templates as Docker's `--format` has them: fields with Go's names, and the functions of Docker's documentation.

use gtmpl_ng::{Context, Limits, Template};
use serde_json::Value as Json;

mod functions;
mod names;

/// The largest text that a template may write, in bytes. An index of 10,000 entries has some 5 MB.
const OUTPUT_BYTES: usize = 64 * 1024 * 1024;

/// A template that could be parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoTemplate {
    text: String,
}

/// The reason why a template cannot be parsed or rendered, with its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TemplateError(String);

impl GoTemplate {
    /// Parses a template.
    ///
    /// # Errors
    /// Returns an error, with the place, if the text is not a template or names an unknown function.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        prepare(text)?;
        Ok(Self {
            text: text.to_owned(),
        })
    }

    /// Tells whether the template renders JSON of a field that `is_wanted`, which is none if the value is not a field of the
    /// data itself.
    #[must_use]
    pub fn renders_json_of(&self, is_wanted: impl Fn(Option<&str>) -> bool) -> bool {
        let mut rest = self.text.split("json").skip(1);
        rest.any(|rest| {
            let field = rest.trim_start().strip_prefix('.').unwrap_or_default();
            let end = field.find(|c: char| !c.is_alphanumeric() && c != '_');
            let field = &field[..end.unwrap_or(field.len())];
            is_wanted(Some(field).filter(|field| !field.is_empty()))
        })
    }

    /// Tells whether the template reads a field of this name.
    #[must_use]
    pub fn has_field(&self, name: &str) -> bool {
        let field = format!(".{name}");
        let mut fields = self.text.split(&field).skip(1);
        fields.any(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    }

    /// Renders the template. The fields of `data` have Go's names: `mediaType` is `.MediaType`.
    ///
    /// # Errors
    /// Returns an error, with the place, if a field does not exist or a function does not take its arguments.
    pub fn render(&self, data: &Json) -> Result<String, TemplateError> {
        let context = Context::from(names::to_go(data));
        let template = prepare(&self.text)?;
        template.render(&context).map_err(describe)
    }
}

fn prepare(text: &str) -> Result<Template, TemplateError> {
    let limits = Limits::default()
        .with_output_bytes(OUTPUT_BYTES)
        .with_function_output(OUTPUT_BYTES);
    let mut template = Template::with_limits(limits);
    template.name = "format".to_owned();
    template.add_funcs(functions::ALL);
    template.parse(text).map_err(describe)?;
    Ok(template)
}

/// Returns the place and the reason, without the value that lacks a field or an element, which may be a whole list.
fn describe(error: impl std::fmt::Display) -> TemplateError {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    let reason = match line.split_once("no field `") {
        Some((place, rest)) => {
            let field = rest.split('`').next().unwrap_or_default();
            format!("{place}there is no field .{field}")
        }
        None => {
            let ends = [" in [", " in map["].map(|value| line.find(value));
            let end = ends.into_iter().flatten().min();
            line[..end.unwrap_or(line.len())].to_owned()
        }
    };
    TemplateError(reason)
}

#[cfg(test)]
mod tests;
