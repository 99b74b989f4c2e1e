//! Detection of code that is only compiled for tests or fuzzing.

use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Lit, Meta, Token};

/// Returns whether the attributes remove an item from a build without tests and fuzzing.
pub(super) fn is_exempt(attributes: &[Attribute]) -> bool {
    attributes
        .iter()
        .any(|attribute| attribute.path().is_ident("cfg") && is_off(&attribute.meta))
}

fn is_off(meta: &Meta) -> bool {
    let Meta::List(list) = meta else {
        return false;
    };
    list.parse_args::<Meta>()
        .is_ok_and(|condition| holds(&condition) == Some(false))
}

/// Evaluates a condition for a build without tests and fuzzing. Returns `None` if it depends on something else.
fn holds(condition: &Meta) -> Option<bool> {
    match condition {
        Meta::Path(path) if path.is_ident("test") => Some(false),
        Meta::Path(_) => None,
        Meta::NameValue(pair) => {
            let fuzzing = pair.path.is_ident("feature") && text(&pair.value)? == "fuzzing";
            fuzzing.then_some(false)
        }
        Meta::List(list) => {
            let parts = list
                .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
                .ok()?;
            let mut parts = parts.iter().map(holds);
            if list.path.is_ident("not") {
                parts.next()?.map(|holds| !holds)
            } else if list.path.is_ident("any") {
                combine(parts, true)
            } else if list.path.is_ident("all") {
                combine(parts, false)
            } else {
                None
            }
        }
    }
}

/// Combines conditions. A `decisive` condition decides the result; otherwise an unknown condition makes it unknown.
fn combine(parts: impl Iterator<Item = Option<bool>>, decisive: bool) -> Option<bool> {
    let mut result = Some(!decisive);
    for part in parts {
        if part == Some(decisive) {
            return part;
        }
        result = result.and(part);
    }
    result
}

fn text(value: &Expr) -> Option<String> {
    match value {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => Some(text.value()),
        _ => None,
    }
}
