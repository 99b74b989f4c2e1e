//! The functions that Docker's templates have beside Go's own.

use gtmpl_ng::{Func, FuncError, Value};

use super::names::to_json;

/// The functions of Docker's documentation ("Format command and log output").
pub(super) const ALL: &[(&str, Func)] = &[
    ("json", json as Func),
    ("join", join),
    ("split", split),
    ("lower", lower),
    ("upper", upper),
    ("title", title),
    ("pad", pad),
    ("truncate", truncate),
];

/// The widest padding, in columns.
const MAX_PADDING: usize = 10_000;

fn json(arguments: &[Value]) -> Result<Value, FuncError> {
    let [value] = take(arguments, "json")?;
    let text = serde_json::to_string(&to_json(value));
    let text = text.map_err(|error| FuncError::Generic(error.to_string()))?;
    Ok(Value::from(text))
}

fn join(arguments: &[Value]) -> Result<Value, FuncError> {
    let [list, separator] = take(arguments, "join")?;
    let Value::Array(items) = list else {
        return Err(wrong("join", "a list", list));
    };
    let items = items.iter().map(|item| text("join", item));
    let items: Vec<&str> = items.collect::<Result<_, _>>()?;
    Ok(Value::from(items.join(text("join", separator)?)))
}

fn split(arguments: &[Value]) -> Result<Value, FuncError> {
    let [value, separator] = take(arguments, "split")?;
    let (value, separator) = (text("split", value)?, text("split", separator)?);
    let parts: Vec<Value> = if separator.is_empty() {
        value.chars().map(|c| Value::from(c.to_string())).collect()
    } else {
        value.split(separator).map(Value::from).collect()
    };
    Ok(Value::Array(parts))
}

fn lower(arguments: &[Value]) -> Result<Value, FuncError> {
    let [value] = take(arguments, "lower")?;
    Ok(Value::from(text("lower", value)?.to_lowercase()))
}

fn upper(arguments: &[Value]) -> Result<Value, FuncError> {
    let [value] = take(arguments, "upper")?;
    Ok(Value::from(text("upper", value)?.to_uppercase()))
}

fn title(arguments: &[Value]) -> Result<Value, FuncError> {
    let [value] = take(arguments, "title")?;
    let mut chars = text("title", value)?.chars();
    let first = chars.next().map(char::to_uppercase);
    let title: String = first.into_iter().flatten().chain(chars).collect();
    Ok(Value::from(title))
}

/// Puts spaces before and after a text that is not empty.
fn pad(arguments: &[Value]) -> Result<Value, FuncError> {
    let [value, before, after] = take(arguments, "pad")?;
    let value = text("pad", value)?;
    let spaces = |count| number("pad", count).map(|count| " ".repeat(count.min(MAX_PADDING)));
    let (before, after) = (spaces(before)?, spaces(after)?);
    Ok(Value::from(if value.is_empty() {
        String::new()
    } else {
        format!("{before}{value}{after}")
    }))
}

fn truncate(arguments: &[Value]) -> Result<Value, FuncError> {
    let [value, length] = take(arguments, "truncate")?;
    let length = number("truncate", length)?;
    let cut: String = text("truncate", value)?.chars().take(length).collect();
    Ok(Value::from(cut))
}

fn take<'a, const N: usize>(
    arguments: &'a [Value],
    function: &str,
) -> Result<&'a [Value; N], FuncError> {
    let wrong = |_| FuncError::ExactlyXArgs(function.to_owned(), N);
    arguments.try_into().map_err(wrong)
}

fn text<'a>(function: &str, value: &'a Value) -> Result<&'a str, FuncError> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(wrong(function, "a text", value)),
    }
}

fn number(function: &str, value: &Value) -> Result<usize, FuncError> {
    let number = match value {
        Value::Number(number) => number.to_string().parse().ok(),
        _ => None,
    };
    number.ok_or_else(|| wrong(function, "a number", value))
}

fn wrong(function: &str, expected: &str, value: &Value) -> FuncError {
    let found = match value {
        Value::Nil | Value::NoValue => "nothing",
        Value::Bool(_) => "a boolean",
        Value::String(_) => "a text",
        Value::Number(_) => "a number",
        Value::Array(_) => "a list",
        Value::Map(_) => "a map",
        _ => "an object",
    };
    FuncError::Generic(format!("{function} takes {expected}, not {found}"))
}
